// What a conversation wants of a document: all of it, or the stretch of it that the user chose. The key of an
// excerpt names it among saved readings, so that conversations about the same stretch share one.
import type { AnchorRange, DocumentRanges } from '../contract/index.js';

export interface Excerpt {
  documentId: string;
  /** Absent: the whole document. */
  range?: AnchorRange;
}

/** Holds no space. The key of a whole document is its id. */
export function excerptKey({ documentId, range }: Excerpt): string {
  return range ? `${documentId}:${range.from}-${range.to}` : documentId;
}

export function excerptKeys(excerpts: readonly Excerpt[]): string[] {
  return excerpts.map(excerptKey);
}

export function excerptOf(key: string): Excerpt {
  const [, documentId, from, to] = /^(.+):(\d+)-(\d+)$/.exec(key) ?? [];
  if (documentId === undefined) return { documentId: key };
  return { documentId, range: { from: Number(from), to: Number(to) } };
}

/** In the order of `documentIds`. */
export function excerptsOf(of: {
  documentIds: readonly string[];
  ranges?: DocumentRanges;
}): Excerpt[] {
  return of.documentIds.map((documentId) => {
    const range = of.ranges?.[documentId];
    return range ? { documentId, range: { from: range.from, to: range.to } } : { documentId };
  });
}
