// Where the model looked, as places in documents: whole sentences around what the engine tells.
import type { Evidence } from '../contract/index.js';
import { anchorAt } from './documents/anchors.js';
import type { Answered } from './engine-host.js';
import { inWhole, type EvidenceDocument } from './evidence.js';

/** Farther than this no sentence end is looked for. */
const mostAround = 240;

export function lookedPlaces(
  looked: Answered['looked'],
  documents: readonly EvidenceDocument[],
  quoted: readonly Evidence[],
  answerLength: number,
): Evidence[] {
  const places: Evidence[] = [];
  for (const { index, start, end, share } of looked ?? []) {
    const document = documents[index];
    if (!document) continue;
    const range = inWhole(document, wholeSentences(document.text, start, end));
    const known = [...quoted, ...places].some(
      (each) => each.documentId === document.id && each.start < range.end && each.end > range.start,
    );
    if (known || range.start >= range.end) continue;
    const from = inWhole(document, { start, end }).start;
    const anchorLabel = anchorAt(document.anchors, from)?.label ?? '';
    const place = { documentId: document.id, ...range, anchorLabel, looked: share };
    places.push({ ...place, answerStart: answerLength, answerEnd: answerLength });
  }
  return places;
}

/** The sentences that a stretch touches; a line end ends one, too. */
export function wholeSentences(
  text: string,
  start: number,
  end: number,
): { start: number; end: number } {
  const before = text.slice(Math.max(0, start - mostAround), start);
  const ends = [...before.matchAll(/[.!?…]["'”’»)]*\s+|\n\s*/g)].at(-1);
  const opening = start - before.length === 0 ? 0 : start;
  const from = ends ? start - before.length + ends.index + ends[0].length : opening;
  const last = Math.max(end - 1, start);
  const after = /[.!?…]["'”’»)]*(?=\s|$)|\n/.exec(text.slice(last, last + mostAround));
  const to = after ? last + after.index + after[0].trimEnd().length : end;
  return { start: from, end: Math.max(to, from) };
}
