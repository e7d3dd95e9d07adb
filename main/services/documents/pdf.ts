// PDF through pdfjs, page by page: text, one anchor for each page, and word of the pages that have none.
import { createRequire } from 'node:module';
import path from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type * as pdfjs from 'pdfjs-dist/legacy/build/pdf.mjs';
import { FailureError, type Anchor, type ParsedDocument } from '../../contract/index.js';
import { textTooLarge } from './document-text.js';
import { maxPages, maxTextCharacters } from './limits.js';
import { normaliseText, oneLine } from './normalise.js';
import { lineHyphen, pageLines, pageText, type Line } from './pdf-page.js';
import { chooseTitle } from './title.js';

type Pdf = pdfjs.PDFDocumentProxy;

/** Has no types of its own. */
const pdfjsWorker: string = 'pdfjs-dist/legacy/build/pdf.worker.mjs';

/** Pages between two clean-ups of fonts and images that pdfjs keeps. */
const cleanUpEvery = 200;

async function loadPdfjs(): Promise<typeof pdfjs> {
  // pdfjs looks for drawing classes, and for a native canvas to get them from; extracting text needs neither.
  const scope = globalThis as Record<string, unknown>;
  scope['DOMMatrix'] ??= class DOMMatrix {};
  scope['Path2D'] ??= class Path2D {};
  scope['ImageData'] ??= class ImageData {};
  // Given here, its worker runs in this process and is never searched for on disk.
  scope['pdfjsWorker'] ??= await import(pdfjsWorker);
  return import('pdfjs-dist/legacy/build/pdf.mjs');
}

async function openPdf(bytes: Uint8Array, fileName: string): Promise<Pdf> {
  const { getDocument, VerbosityLevel } = await loadPdfjs();
  const folder = path.dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));
  try {
    return await getDocument({
      data: bytes,
      cMapUrl: path.join(folder, 'cmaps') + path.sep,
      standardFontDataUrl: path.join(folder, 'standard_fonts') + path.sep,
      verbosity: VerbosityLevel.ERRORS,
      useSystemFonts: false,
      disableFontFace: true,
      useWorkerFetch: false,
    }).promise;
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException') throw encrypted(fileName);
    throw damaged(fileName);
  }
}

export async function parsePdf(
  bytes: Buffer,
  fileName: string,
  onProgress: (fraction: number) => void,
): Promise<ParsedDocument> {
  const cutShort = !bytes.subarray(-2048).includes('%%EOF');
  // pdfjs takes the buffer over.
  const pdf = await openPdf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), fileName);
  if (pdf.numPages > maxPages) {
    throw new FailureError(
      'document_too_large',
      `“${fileName}” has ${pdf.numPages} pages; Longleaf takes ${maxPages} in one document.`,
      'Split it into several documents.',
    );
  }
  const pages = await readPages(pdf, fileName, onProgress);
  if (pages.unreadable.length === pdf.numPages) throw damaged(fileName);
  if (pages.texts.every((text) => text === '')) throw noText(fileName, pdf.numPages);
  const labels = await pageLabels(pdf);
  const own = await ownTitle(pdf);
  const title = chooseTitle([own, largestLine(pages.firstLines)], fileName);
  const { text, anchors } = join(pages.texts, labels);
  return {
    kind: 'pdf',
    title,
    text,
    anchorKind: 'page',
    anchors,
    warnings: warningsOf(pages, labels, cutShort),
  };
}

interface Pages {
  texts: string[];
  unreadable: number[]; // indexes
  firstLines: Line[]; // of the first page that has any
}

async function readPages(
  pdf: Pdf,
  fileName: string,
  onProgress: (fraction: number) => void,
): Promise<Pages> {
  const pages: Pages = { texts: [], unreadable: [], firstLines: [] };
  let characters = 0;
  for (let i = 0; i < pdf.numPages; i += 1) {
    let lines: Line[] = [];
    try {
      const page = await pdf.getPage(i + 1);
      const content = await page.getTextContent();
      lines = pageLines(content.items.filter((item) => 'str' in item));
      page.cleanup();
    } catch {
      pages.unreadable.push(i);
    }
    const text = normaliseText(keepHyphens(pageText(lines)));
    characters += text.length + 2;
    if (characters > maxTextCharacters) throw textTooLarge(fileName);
    pages.texts.push(text);
    if (pages.firstLines.length === 0) pages.firstLines = lines;
    if (i % cleanUpEvery === cleanUpEvery - 1) await pdf.cleanup();
    onProgress((i + 1) / pdf.numPages);
    // pdfjs in one process never lets the event loop turn, and progress would wait for the end.
    if (i % 8 === 7) await breathe();
  }
  pages.texts = settleHyphens(pages.texts);
  return pages;
}

// Normalising removes control characters, so the mark of a hyphen at a line's end passes it as a private one.
const keptHyphen = '\uF8FE';
const keepHyphens = (text: string) => text.replaceAll(lineHyphen, keptHyphen);

/** A hyphen at a line's end stays if the document writes the word with it elsewhere ("well-known"). */
function settleHyphens(pages: string[]): string[] {
  const broken = new RegExp(String.raw`(\p{L}+)${keptHyphen}(\p{L}+)`, 'gu');
  if (!pages.some((text) => text.includes(keptHyphen))) return pages;
  const hyphenated = new Set<string>();
  for (const text of pages) {
    for (const [word] of text.matchAll(/\p{L}+-\p{L}+/gu)) hyphenated.add(word.toLowerCase());
  }
  return pages.map((text) =>
    text.replace(broken, (_, before: string, after: string) =>
      hyphenated.has(`${before}-${after}`.toLowerCase()) ? `${before}-${after}` : before + after,
    ),
  );
}

function join(texts: string[], labels: string[]): { text: string; anchors: Anchor[] } {
  const anchors: Anchor[] = [];
  let length = 0;
  const last = texts.findLastIndex((text) => text !== '');
  const pieces = texts.map((text, i) => {
    const piece = text === '' || i === last ? text : `${text}\n\n`;
    const end = length + piece.length;
    anchors.push({ label: `Page ${labels[i]}`, start: length, end });
    length = end;
    return piece;
  });
  return { text: pieces.join(''), anchors };
}

/** The labels printed on the pages when the file knows them ("iv"), else the count from 1. */
async function pageLabels(pdf: Pdf): Promise<string[]> {
  const known = await pdf.getPageLabels().catch(() => null);
  const counted = Array.from({ length: pdf.numPages }, (_, i) => String(i + 1));
  if (!known || known.length !== pdf.numPages) return counted;
  const labels = known.map((label) => oneLine(label, 40));
  const distinct = new Set(labels).size === labels.length && !labels.includes('');
  return distinct ? labels : counted;
}

async function ownTitle(pdf: Pdf): Promise<string | undefined> {
  const metadata = await pdf.getMetadata().catch(() => undefined);
  const title = (metadata?.info as { Title?: unknown } | undefined)?.Title;
  return typeof title === 'string' ? title : undefined;
}

/** The first line in clearly larger letters than the page's usual ones, with the lines that continue it. */
function largestLine(lines: Line[]): string | undefined {
  const sizes = lines.map((line) => line.size).sort((one, other) => one - other);
  const usual = sizes[Math.floor(sizes.length / 2)] ?? 0;
  const largest = sizes.at(-1) ?? 0;
  if (lines.length < 3 || largest < usual * 1.2) return undefined;
  const from = lines.findIndex((line) => line.size > largest * 0.95);
  const rest = lines.slice(from, from + 3);
  const until = rest.findIndex((line) => line.size <= largest * 0.95);
  const title = rest
    .slice(0, until < 0 ? 3 : until)
    .map((line) => line.text)
    .join(' ');
  return title.length >= 3 && title.length <= 200 ? title : undefined;
}

function warningsOf(pages: Pages, labels: string[], cutShort: boolean): string[] {
  const warnings: string[] = [];
  const named = (indexes: number[]) => pageList(indexes.map((i) => labels[i] ?? String(i + 1)));
  const empty = pages.texts.flatMap((text, i) =>
    text === '' && !pages.unreadable.includes(i) ? [i] : [],
  );
  if (empty.length === 1) warnings.push(`${named(empty)} has no text; it may be a scan.`);
  if (empty.length > 1) warnings.push(`${named(empty)} have no text; they may be scans.`);
  if (pages.unreadable.length > 0) {
    warnings.push(`${named(pages.unreadable)} could not be read: the file is damaged there.`);
  }
  if (cutShort) warnings.push('The file’s end is missing; its last pages may be lost.');
  return warnings;
}

function pageList(labels: string[]): string {
  if (labels.length === 1) return `Page ${labels[0]}`;
  const shown = labels.slice(0, 20);
  const more = labels.length - shown.length;
  return `Pages ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function encrypted(fileName: string): FailureError {
  return new FailureError(
    'document_encrypted',
    `“${fileName}” is protected with a password.`,
    'Open it in a PDF reader, save or print it to a new PDF without the password, and import that.',
  );
}

function damaged(fileName: string): FailureError {
  return new FailureError(
    'document_damaged',
    `“${fileName}” is a PDF, but a broken one: its pages cannot be found.`,
    'Get a fresh copy of the file, or open it in a PDF reader and save it anew.',
  );
}

function noText(fileName: string, pages: number): FailureError {
  return new FailureError(
    'document_no_text',
    pages === 1
      ? `The page of “${fileName}” has no text; it is probably a scan.`
      : `None of the ${pages} pages of “${fileName}” has text; it is probably a scan.`,
    'Run text recognition (OCR) over it first, for example with OCRmyPDF, and import the result.',
  );
}
