// An anchor's text cut into paragraphs for display, each knowing where it begins, so that a range of the
// document can be marked. Nothing is changed in the text itself: line breaks that came from a printed page
// are left to the stylesheet to fold.

export interface Paragraph {
  text: string;
  /** Offset in the anchor's text. */
  start: number;
  /** Lines were broken by a page's width, not by the writer: fold them. */
  fold: boolean;
}

/** Shorter lines than this are verse, lists or headings, whose breaks mean something. */
const shortestFoldedLine = 40;

export function paragraphsOf(text: string): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  const gap = /\n[^\S\n]*(?:\n[^\S\n]*)+/g;
  let start = 0;
  const push = (end: number) => {
    const piece = text.slice(start, end);
    if (piece.trim() !== '') paragraphs.push({ text: piece, start, fold: isHardWrapped(piece) });
  };
  for (const match of text.matchAll(gap)) {
    push(match.index);
    start = match.index + match[0].length;
  }
  push(text.length);
  return paragraphs;
}

export function isHardWrapped(paragraph: string): boolean {
  const lines = paragraph.trim().split('\n');
  if (lines.length < 2) return false;
  return lines.slice(0, -1).every((line) => line.trim().length >= shortestFoldedLine);
}

export interface Piece {
  text: string;
  marked: boolean;
}

/** The paragraph in pieces around [from, to), a range in the same offsets as `start`. */
export function splitAt(paragraph: Paragraph, from: number, to: number): Piece[] {
  const { text, start } = paragraph;
  const a = Math.min(Math.max(from - start, 0), text.length);
  const b = Math.min(Math.max(to - start, a), text.length);
  if (a === b) return [{ text, marked: false }];
  return [
    { text: text.slice(0, a), marked: false },
    { text: text.slice(a, b), marked: true },
    { text: text.slice(b), marked: false },
  ].filter((piece) => piece.text !== '');
}
