// What one import may cost. Each limit keeps a promise to the user: a document is read whole or refused with
// a reason, and the app outlives it.

const KiB = 1024;
const MiB = 1024 * KiB;

/** Larger than any book with its pictures; above it, holding file and text at once could crowd out the model.
 *  Decimal, as people are told sizes everywhere. */
export const maxFileBytes = 256_000_000;

/** UTF-16 code units: about 10 million tokens, past what any model here can read. */
export const maxTextCharacters = 40_000_000;

/** The largest reference works have about 10,000 pages. */
export const maxPages = 20_000;

/** A book has hundreds of files; tens of thousands only cost time. */
export const maxZipEntries = 10_000;
/** All entries of a DOCX or EPUB together, inflated. */
export const maxZipInflatedBytes = 1024 * MiB;
/** Deflate reaches about 1000:1 on zeros; honest XML stays under 100:1. */
export const maxZipRatio = 200;
/** Small entries may be as repetitive as they like: an empty style sheet is no bomb. */
export const zipRatioFloorBytes = 8 * MiB;

/** Longest silence of a parser before it counts as hung. Progress starts it anew. */
export const stallMs = 60_000;
/** Longest time for one document, however busy it looks. */
export const overallMs = 15 * 60_000;

/** JavaScript heap of the parser. */
export const heapMiB = 1024;
/** Resident memory of the parser: buffers live outside the heap, and a bomb inside a PDF inflates there. */
export const residentBytes = 3 * 1024 * MiB;

/** Anchors longer than this are split, so a citation lands within a screen or two of the place. */
export const maxAnchorCharacters = 16_000;
/** Length of the parts they are split into. */
export const anchorPartCharacters = 8_000;
/** Lines of one "Lines a–b" anchor: a printed page of code and a half. */
export const anchorLines = 80;
