// Finds where an answer quotes its documents word for word. Shows nothing rather than a wrong place: short
// quotations and unmarked sentences count only where they are the only ones of their kind.
import type { Anchor, Evidence } from '../contract/index.js';
import { anchorAt } from './documents/anchors.js';
import { markedQuotations, sentences, type Quotation } from './quotations.js';
import { levelled, TextIndex } from './text-index.js';

export interface EvidenceDocument {
  id: string;
  /** What the model got of it. */
  text: string;
  /** Where that begins in the whole document; absent: where the document does. */
  offset?: number;
  /** Of the whole document. */
  anchors: readonly Anchor[];
}

/** A quotation shorter than both says too little to be looked for. */
const minCharacters = 12;
const minWords = 3;
/** From this length on, a passage that stands in several places is shown at the first. */
const longCharacters = 40;
/** More quotations than any answer needs; a wall of quotation marks must not stall the window. */
const maxQuotations = 200;

export function findEvidence(answer: string, documents: readonly EvidenceDocument[]): Evidence[] {
  const indexed = documents.map((document) => ({ document, index: indexOf(document) }));
  const found: Evidence[] = [];
  const free = ({ start, end }: Quotation) =>
    found.every((each) => end <= each.answerStart || start >= each.answerEnd);
  const candidates = [...markedQuotations(answer).slice(0, maxQuotations), ...bare(answer)];
  for (const candidate of candidates) {
    if (!free(candidate)) continue;
    const evidence = locate(answer, candidate, indexed);
    if (evidence) found.push(evidence);
  }
  return found.sort((one, other) => one.answerStart - other.answerStart);
}

type Indexed = { document: EvidenceDocument; index: TextIndex };

function bare(answer: string): Quotation[] {
  return sentences(answer).slice(0, maxQuotations);
}

function locate(answer: string, candidate: Quotation, indexed: Indexed[]): Evidence | undefined {
  for (const { start, end } of trimmings(answer, candidate)) {
    const quotation = levelled(answer.slice(start, end));
    if (!(candidate.marked ? isLongEnough(quotation) : isTelling(quotation, answer))) continue;
    for (const ignoreCase of candidate.marked ? [false, true] : [false]) {
      const place = only(quotation, indexed, ignoreCase, candidate.marked);
      if (place) return { ...place, answerStart: start, answerEnd: end };
    }
  }
  return undefined;
}

/** The stretch as it stands, then without the punctuation and emphasis that the answer may have added. */
function trimmings(answer: string, { start, end }: Quotation): { start: number; end: number }[] {
  const within = (first: RegExp, last: RegExp) => {
    const stretch = answer.slice(start, end);
    const from = start + (first.exec(stretch)?.[0].length ?? 0);
    const to = end - (last.exec(stretch)?.[0].length ?? 0);
    return { start: from, end: Math.max(from, to) };
  };
  const asIs = within(/^\s*/, /\s*$/);
  const plain = within(/^[\s*_>"'“”‘’«»-]*/, /[\s.,;:!?*_"'“”‘’«»-]*$/);
  return plain.start === asIs.start && plain.end === asIs.end ? [asIs] : [asIs, plain];
}

const wordCount = (text: string) => text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'-]*/gu)?.length ?? 0;

function isLongEnough(quotation: string): boolean {
  const words = wordCount(quotation);
  return words >= minWords || (words >= 1 && quotation.length >= minCharacters);
}

/** An unmarked sentence: a real one, or the whole answer when that is as distinctive as a number or a name. */
function isTelling(sentence: string, answer: string): boolean {
  if (wordCount(sentence) >= 4 && sentence.length >= 20) return true;
  const whole = levelled(answer).length - sentence.length <= 4;
  return whole && (isLongEnough(sentence) || /\p{N}{4}/u.test(sentence));
}

/** A range of what the model got, as a range of the document. */
export function inWhole({ offset = 0 }: EvidenceDocument, range: { start: number; end: number }) {
  return { start: range.start + offset, end: range.end + offset };
}

function only(
  quotation: string,
  indexed: Indexed[],
  ignoreCase: boolean,
  marked: boolean,
): Omit<Evidence, 'answerStart' | 'answerEnd'> | undefined {
  const firstWillDo = marked && quotation.length >= longCharacters;
  const places: Omit<Evidence, 'answerStart' | 'answerEnd'>[] = [];
  for (const { document, index } of indexed) {
    for (const range of index.find(quotation, firstWillDo ? 1 : 2, { ignoreCase })) {
      const { start, end } = inWhole(document, range);
      const anchorLabel = anchorAt(document.anchors, start)?.label ?? '';
      places.push({ documentId: document.id, start, end, anchorLabel });
      if (firstWillDo) return places[0];
    }
  }
  return places.length === 1 ? places[0] : undefined;
}

// Indexing takes tens of milliseconds for a long book; the documents of a conversation are asked about again
// and again. Least recently used first.
const indexes = new Map<string, TextIndex>();
const maxIndexes = 16;
const maxIndexedCharacters = 50_000_000;

export function indexOf(document: Pick<EvidenceDocument, 'id' | 'text'>): TextIndex {
  const known = indexes.get(document.id);
  const index = known?.original === document.text ? known : new TextIndex(document.text);
  indexes.delete(document.id);
  indexes.set(document.id, index);
  let characters = 0;
  const newestFirst = [...indexes].reverse();
  for (const [i, [id, each]] of newestFirst.entries()) {
    characters += each.original.length;
    if (i > 0 && (i >= maxIndexes || characters > maxIndexedCharacters)) indexes.delete(id);
  }
  return index;
}
