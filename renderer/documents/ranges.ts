// Parts of documents: how they are named, and which one a reader means who types pages.
import type {
  Anchor,
  AnchorRange,
  DocumentSummary,
  LabelledRange,
} from '../../main/contract/index.js';
import { anchorName, words } from '../strings/index.js';

/** "Page 12" is page 12 to a reader; anything else is named whole. */
const pageOf = (label: string) => /^Page (.+)$/.exec(label)?.[1];

/** "pages 10–250 of 900", "Chapter 2 to Chapter 5". The document may be gone. */
export function rangeName(
  { first, last }: Pick<LabelledRange, 'first' | 'last'>,
  document: Pick<DocumentSummary, 'anchorCount'> | undefined,
): string {
  const pages = [pageOf(first), pageOf(last)] as const;
  const [from, to] = pages;
  if (from !== undefined && to !== undefined && document) {
    return words.fitting.pages(from, to, document.anchorCount);
  }
  return words.fitting.stretch(first, last);
}

/** A document's title, and which part of it. */
export function titleWithRange(
  title: string,
  range: LabelledRange | undefined,
  document: DocumentSummary | undefined,
): string {
  return range ? `${title}, ${rangeName(range, document)}` : title;
}

export type TypedRange =
  { range: AnchorRange } | { problem: 'empty' | 'reversed' } | { problem: 'unknown'; page: string };

/** What was typed as first and last page, by the names printed on them or by their count. */
export function typedRange(anchors: readonly Anchor[], first: string, last: string): TypedRange {
  if (first.trim() === '' || last.trim() === '') return { problem: 'empty' };
  const from = anchorNamed(anchors, first);
  if (from === undefined) return { problem: 'unknown', page: first.trim() };
  const to = anchorNamed(anchors, last);
  if (to === undefined) return { problem: 'unknown', page: last.trim() };
  return checkedRange(from, to);
}

/** Both ends belong to it. */
export function checkedRange(from: number, to: number): TypedRange {
  return to < from ? { problem: 'reversed' } : { range: { from, to: to + 1 } };
}

function anchorNamed(anchors: readonly Anchor[], typed: string): number | undefined {
  const name = typed.trim().toLowerCase();
  const printed = anchors.findIndex(({ label }) => pageOf(label)?.toLowerCase() === name);
  if (printed >= 0) return printed;
  const counted = /^\d+$/.test(name) ? Number(name) - 1 : -1;
  return counted >= 0 && counted < anchors.length ? counted : undefined;
}

/** As it is typed; of what has no pages, its label. */
export function nameOfAnchor(anchor: Anchor | undefined): string {
  return anchor ? (pageOf(anchor.label) ?? anchorName(anchor.label)) : '';
}
