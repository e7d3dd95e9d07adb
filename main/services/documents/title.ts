// What a document is called when it is listed: its own title, else its first heading, else its file's name.
import { oneLine } from './normalise.js';

/** Titles that programs put there on their own. */
const meaningless = /^(untitled|document\d*|unknown|title|no title|noname|slide \d+|\W*)$/i;
const looksLikeFile = /\.(docx?|pdf|tex|dvi|indd|qxd|rtf|odt|html?|xml|pages|txt|pptx?|xlsx?)$/i;

export function chooseTitle(candidates: (string | undefined)[], fileName: string): string {
  for (const candidate of candidates) {
    const title = oneLine((candidate ?? '').replace(/^Microsoft Word - /i, ''), 200);
    if (title && !meaningless.test(title) && !looksLikeFile.test(title)) return title;
  }
  return titleFromFileName(fileName);
}

export function titleFromFileName(fileName: string): string {
  const bare = fileName.replace(/^.*[/\\]/, '').replace(/(.)\.[A-Za-z0-9]{1,8}$/, '$1');
  return oneLine(bare.replace(/_+/g, ' '), 200) || 'Untitled document';
}
