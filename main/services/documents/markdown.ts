// Markdown stays as its author wrote it; its headings become sections.
import type { ParsedDocument } from '../../contract/index.js';
import { lineAnchors, sectionAnchors, type Section } from './anchors.js';
import { oneLine } from './normalise.js';
import { chooseTitle } from './title.js';

export function parseMarkdown(text: string, fileName: string): Omit<ParsedDocument, 'warnings'> {
  const sections = markdownSections(text);
  const title = chooseTitle([frontMatterTitle(text), sections[0]?.label], fileName);
  return sections.length === 0
    ? { kind: 'markdown', title, text, anchorKind: 'lines', anchors: lineAnchors(text) }
    : {
        kind: 'markdown',
        title,
        text,
        anchorKind: 'section',
        anchors: sectionAnchors(text, sections, 'Beginning'),
      };
}

const atx = /^ {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const setext = /^ {0,3}(?:=+|-+)[ \t]*$/;
/** A line that can be a setext heading's text: not blank, and no list, quote, code or rule. */
const headingText = /^ {0,3}(?![-*+>#|]|\d+[.)]\s|`{3}|~{3})\S/;

/** ATX and setext headings outside code fences and front matter. */
export function markdownSections(text: string): Section[] {
  const sections: Section[] = [];
  const frontEnd = frontMatterEnd(text);
  let fence: string | null = null;
  let before = ''; // the line before, when it may be a setext heading's text
  let beforeStart = 0;
  for (let start = frontEnd; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    // Headings are short; a line of megabytes must not be copied or matched.
    const line = end - start > 2000 ? '' : text.slice(start, end);
    const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    let candidate = '';
    if (fence) {
      if (mark?.[1]?.startsWith(fence) && mark[2]?.trim() === '') fence = null;
    } else if (mark && !(mark[1]?.startsWith('`') && mark[2]?.includes('`'))) {
      fence = mark[1] ?? null;
    } else if (atx.test(line)) {
      const label = plainLabel(atx.exec(line)?.[1] ?? '');
      if (label) sections.push({ label, start });
    } else if (before && setext.test(line)) {
      sections.push({ label: plainLabel(before), start: beforeStart });
    } else if (headingText.test(line)) {
      candidate = line;
    }
    before = candidate;
    beforeStart = start;
    start = end + 1;
  }
  return sections;
}

/** A heading without its emphasis, code marks and link targets. */
function plainLabel(source: string): string {
  const plain = source
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`]+/g, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1');
  return oneLine(plain);
}

function frontMatterEnd(text: string): number {
  if (!text.startsWith('---\n')) return 0;
  const found = /\n(---|\.\.\.)[ \t]*(\n|$)/.exec(text.slice(3, 64 * 1024));
  return found ? 3 + found.index + found[0].length : 0;
}

function frontMatterTitle(text: string): string | undefined {
  const front = text.slice(0, frontMatterEnd(text));
  return /^title:[ \t]*["']?(.+?)["']?[ \t]*$/m.exec(front)?.[1];
}
