// Cuts a text into anchors: contiguous, in order, covering all of it.
import type { Anchor } from '../../contract/index.js';
import { anchorLines, anchorPartCharacters, maxAnchorCharacters } from './limits.js';

export interface Section {
  label: string;
  start: number;
}

/** Sections ascend by start; text before the first belongs to `opening`. */
export function sectionAnchors(text: string, sections: Section[], opening: string): Anchor[] {
  const starts = sections.filter((each, i) => each.start !== sections[i + 1]?.start);
  if (text.length > 0 && starts[0]?.start !== 0) starts.unshift({ label: opening, start: 0 });
  const anchors = starts
    .filter((each) => each.start < text.length)
    .map(({ label, start }, i) => ({ label, start, end: starts[i + 1]?.start ?? text.length }));
  for (const each of anchors) each.end = Math.min(each.end, text.length);
  return anchors.flatMap((each) => splitLong(text, each));
}

/** "Part 1", "Part 2": for running text without headings. */
export function partAnchors(text: string): Anchor[] {
  const parts = splitRange(text, 0, text.length, anchorPartCharacters);
  return parts.map(([start, end], i) => ({ label: `Part ${i + 1}`, start, end }));
}

/** "Lines 1–80": snapped to the next empty line when one is near. */
export function lineAnchors(text: string): Anchor[] {
  const anchors: Anchor[] = [];
  const patience = anchorLines / 4; // lines to wait for an empty one
  let start = 0;
  let firstLine = 1;
  for (let line = 1, at = 0; at < text.length; line += 1) {
    const newline = text.indexOf('\n', at);
    const isEmpty = newline === at;
    at = newline < 0 ? text.length : newline + 1;
    const lines = line - firstLine + 1;
    const full = lines >= anchorLines + patience || (lines >= anchorLines && isEmpty);
    if (!full && at < text.length) continue;
    const label = firstLine === line ? `Line ${line}` : `Lines ${firstLine}–${line}`;
    anchors.push({ label, start, end: at });
    start = at;
    firstLine = line + 1;
  }
  return anchors.flatMap((each) => splitLong(text, each));
}

function splitLong(text: string, whole: Anchor): Anchor[] {
  if (whole.end - whole.start <= maxAnchorCharacters) return [whole];
  const parts = splitRange(text, whole.start, whole.end, anchorPartCharacters);
  return parts.map(([start, end], i) => ({
    label: i === 0 ? whole.label : `${whole.label} (part ${i + 1})`,
    start,
    end,
  }));
}

function splitRange(text: string, from: number, to: number, length: number): [number, number][] {
  const ranges: [number, number][] = [];
  let start = from;
  while (to - start > length * 1.5) {
    const end = breakAfter(text, start + length, Math.min(to, start + length + length / 2));
    ranges.push([start, end]);
    start = end;
  }
  if (to > start) ranges.push([start, to]);
  return ranges;
}

/** The best place to cut between `from` and `to`: a paragraph's end, a line's, a sentence's, a word's. */
function breakAfter(text: string, from: number, to: number): number {
  const stretch = text.slice(from, to);
  for (const pattern of [/\n{2,}/, /\n/, /[.!?…。！？]["'”’»)]*\s*/, /\s+/]) {
    const found = pattern.exec(stretch);
    if (found) return from + found.index + found[0].length;
  }
  const insidePair = /[\uD800-\uDBFF]/.test(text[from - 1] ?? '');
  return insidePair ? from + 1 : from;
}

/** The anchor a position lies in; anchors of empty pages hold no position. */
export function anchorAt(anchors: readonly Anchor[], position: number): Anchor | undefined {
  let low = 0;
  let high = anchors.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const each = anchors[middle] as Anchor;
    if (position < each.start) high = middle - 1;
    else if (position >= each.end) low = middle + 1;
    else return each;
  }
  return undefined;
}
