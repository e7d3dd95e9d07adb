// Documents: imported text with anchors.
import { z } from 'zod';

export const documentKind = z.enum(['pdf', 'docx', 'epub', 'html', 'markdown', 'text', 'code']);
export type DocumentKind = z.infer<typeof documentKind>;

/** A stretch of the text that can be cited. Anchors are contiguous and cover the whole text, in order. */
export const anchor = z.object({
  /** "Page 3", "Chapter 2: The Ferry", "Lines 1–80". */
  label: z.string(),
  /** Half-open range of UTF-16 code units in the document's text. */
  start: z.number().int().nonnegative(),
  end: z.number().int().nonnegative(),
});
export type Anchor = z.infer<typeof anchor>;

/** A stretch of a document: its anchors [from, to), 0-based, never empty. */
export const anchorRange = z.object({
  from: z.number().int().nonnegative(),
  to: z.number().int().positive(),
});
export type AnchorRange = z.infer<typeof anchorRange>;

/** The same, with the labels of its first and last anchor. */
export const labelledRange = anchorRange.extend({ first: z.string(), last: z.string() });
export type LabelledRange = z.infer<typeof labelledRange>;

/** By document: of those that are not used whole. */
export const documentRanges = z.record(z.string(), labelledRange);
export type DocumentRanges = z.infer<typeof documentRanges>;

/** What a parser hands back. */
export const parsedDocument = z.object({
  kind: documentKind,
  title: z.string(),
  text: z.string(),
  anchorKind: z.enum(['page', 'section', 'lines']),
  anchors: z.array(anchor),
  /** What the reader should know: "Pages 3, 7 and 9 have no text: they may be scans." */
  warnings: z.array(z.string()),
});
export type ParsedDocument = z.infer<typeof parsedDocument>;

export const documentSummary = z.object({
  id: z.string(),
  title: z.string(),
  fileName: z.string(),
  kind: documentKind,
  bytes: z.number().int(), // of the original file
  sha256: z.string(), // of the original file
  characters: z.number().int(), // UTF-16 code units of the text
  anchorKind: z.enum(['page', 'section', 'lines']),
  anchorCount: z.number().int(),
  warnings: z.array(z.string()),
  createdAt: z.number().int(), // ms since the epoch
});
export type DocumentSummary = z.infer<typeof documentSummary>;

/** Progress of one import; `importId` is chosen by the caller. */
export const importProgress = z.object({
  importId: z.string(),
  fileName: z.string(),
  stage: z.enum(['copying', 'parsing', 'saving']),
  /** 0 to 1 within the stage; absent when unknown. */
  fraction: z.number().min(0).max(1).optional(),
});
export type ImportProgress = z.infer<typeof importProgress>;
