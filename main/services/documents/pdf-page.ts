// From the pieces of text on a PDF page to lines, and from lines to paragraphs. Pure geometry: the order of the
// page's content stream is kept, because writers put columns in reading order more often than rulers find them.

/** A run of text as pdfjs reports it. */
export interface Run {
  str: string;
  transform: number[]; // (a, b, c, d, e, f): e, f is where the run begins
  width: number;
  height: number;
  hasEOL: boolean;
}

export interface Line {
  text: string;
  left: number; // along the direction of writing
  right: number;
  baseline: number; // across it, growing from line to line
  size: number; // height of the letters
  angle: number; // of the writing, degrees, rounded
}

/** Stands for a hyphen at a line's end, until the whole document tells whether it belongs to the word. */
export const lineHyphen = '\u0001';

export function pageLines(runs: Run[]): Line[] {
  const lines: Line[] = [];
  let line: Line | undefined;
  for (const run of runs) {
    if (run.str.trim() !== '') {
      const placed = place(run);
      if (line && continues(line, placed)) append(line, placed);
      else lines.push((line = placed));
    } else if (line && run.str !== '' && !/\s$/.test(line.text)) {
      line.text += ' ';
    }
    // pdfjs also reports an end of line where a table cell ends: lines on one baseline are joined above.
  }
  for (const each of lines) each.text = each.text.replace(/\s+/g, ' ').trim();
  return lines;
}

function place(run: Run): Line {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = run.transform;
  const size = Math.hypot(c, d) || run.height || 1;
  const length = Math.hypot(a, b) || 1;
  const [ux, uy] = [a / length, b / length];
  const left = e * ux + f * uy;
  // Upright text has its ascent along (-uy, ux); mirrored fonts do not matter here.
  const baseline = -(-e * uy + f * ux);
  const angle = Math.round((Math.atan2(uy, ux) * 180) / Math.PI);
  return { text: run.str, left, right: left + run.width, baseline, size, angle };
}

function continues(line: Line, run: Line): boolean {
  const size = Math.max(line.size, run.size);
  // Half a letter's height leaves room for superscripts.
  return (
    line.angle === run.angle &&
    Math.abs(run.baseline - line.baseline) < size * 0.5 &&
    run.left > line.left - size * 0.5
  );
}

function append(line: Line, run: Line): void {
  const gap = run.left - line.right;
  const spaced = /\s$/.test(line.text) || /^\s/.test(run.text);
  if (gap > line.size * 0.15 && !spaced) line.text += ' ';
  line.text += run.text;
  line.right = Math.max(line.right, run.right);
  if (run.size > line.size) {
    line.size = run.size;
    line.baseline = run.baseline;
  }
}

/** How the next line follows: in the same paragraph, on a line of its own, or as a new paragraph. */
type Joint = 'join' | 'line' | 'paragraph';

const sentenceEnd = /[.!?:;…。！？]["'”’»)\]]*$/;
const listMark = /^(?:[•◦▪‣●○■□–—*·-]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)]\s)/;
const endsInHyphen = /\p{L}[-‐\u00AD]$/u;

export function pageText(lines: Line[]): string {
  const leading = usualLeading(lines);
  let text = '';
  lines.forEach((line, i) => {
    const previous = lines[i - 1];
    if (!previous) text = line.text;
    else {
      const joint = jointOf(lines, i, previous, line, leading);
      if (joint === 'join') text = joined(text, line.text);
      else text += (joint === 'line' ? '\n' : '\n\n') + line.text;
    }
  });
  return text;
}

function joined(text: string, next: string): string {
  if (endsInHyphen.test(text) && /^\p{Ll}/u.test(next))
    return text.slice(0, -1) + lineHyphen + next;
  // Chinese and Japanese break lines anywhere and put no space there.
  const ideographs = /[\u3000-\u9FFF\uF900-\uFAFF\uFF00-\uFFEF]$/.test(text);
  if (ideographs && /^[\u3000-\u9FFF\uF900-\uFAFF\uFF00-\uFFEF]/.test(next)) return text + next;
  return /[\p{L}\p{N}]-$/u.test(text) ? text + next : `${text} ${next}`;
}

/** The median distance between lines, in letter heights. */
function usualLeading(lines: Line[]): number {
  const gaps: number[] = [];
  lines.forEach((line, i) => {
    const previous = lines[i - 1];
    if (!previous || previous.angle !== line.angle) return;
    const gap = (line.baseline - previous.baseline) / line.size;
    if (gap > 0.7 && gap < 3) gaps.push(gap);
  });
  gaps.sort((one, other) => one - other);
  // The lower third: on pages of headings and lists, half of all gaps are between paragraphs.
  return gaps[Math.floor(gaps.length / 3)] ?? 1.2;
}

function jointOf(lines: Line[], i: number, above: Line, line: Line, leading: number): Joint {
  if (above.angle !== line.angle) return 'paragraph';
  const size = Math.max(above.size, line.size);
  if (size > Math.min(above.size, line.size) * 1.15) return 'paragraph';
  const gap = (line.baseline - above.baseline) / size;
  const unfinished = !sentenceEnd.test(above.text);
  // Up the page, or far down: the next column, or text that went round a figure.
  if (gap < 0.5 || gap > 3) {
    return unfinished && /^\p{Ll}/u.test(line.text) ? 'join' : 'paragraph';
  }
  if (gap > leading * 1.3) return 'paragraph';
  const { left, right } = columnOf(lines, i);
  const width = Math.max(right - left, size);
  if (listMark.test(line.text) && (above.right < right - width * 0.1 || !unfinished)) return 'line';
  const indented = line.left > left + size * 0.8 && above.left <= left + size * 0.5;
  if (indented && !hangs(lines, i, left, size)) return 'paragraph';
  const short = above.right < right - width * 0.25;
  if (!short) return 'join';
  if (!unfinished) return 'paragraph';
  return endsInHyphen.test(above.text) ? 'join' : 'line';
}

/** The edges of the lines around this one that share its column. */
function columnOf(lines: Line[], i: number): { left: number; right: number } {
  const line = lines[i] as Line;
  let { left, right } = line;
  for (let step = -1; step <= 1; step += 2) {
    let last = line;
    for (let at = i + step; Math.abs(at - i) <= 12; at += step) {
      const other = lines[at];
      const down = other && (other.baseline - last.baseline) * step;
      if (!other || !down || down <= 0 || down > line.size * 4 || other.angle !== line.angle) break;
      if (Math.abs(other.left - line.left) < line.size * 4) {
        left = Math.min(left, other.left);
        right = Math.max(right, other.right);
      }
      last = other;
    }
  }
  return { left, right };
}

/** A hanging indent: the line before opens an entry, and the line after stands where this one does. */
function hangs(lines: Line[], i: number, left: number, size: number): boolean {
  const above = lines[i - 1] as Line;
  const below = lines[i + 1];
  if (listMark.test(above.text)) return true;
  return below !== undefined && below.baseline > above.baseline && below.left > left + size * 0.8;
}
