// One document from a file's bytes: tells what it is, reads it with the right parser, and makes sure that what
// comes out is a document. Runs inside the parser process.
import { readFile, stat } from 'node:fs/promises';
import { FailureError, type ParsedDocument, type ParseRequest } from '../../contract/index.js';
import { recogniseContainer, textKind } from './detect.js';
import { DocumentText, textTooLarge } from './document-text.js';
import { parseDocx } from './docx.js';
import { decodeText } from './encoding.js';
import { parseEpub } from './epub.js';
import { htmlBlocks } from './html.js';
import { maxTextCharacters } from './limits.js';
import { parseMarkdown } from './markdown.js';
import { normaliseText } from './normalise.js';
import { parsePdf } from './pdf.js';
import { parseCode, parsePlain } from './plain.js';
import { chooseTitle } from './title.js';
import { Package } from './zip.js';

type OnProgress = (fraction: number) => void;

/** `onProgress` gets rising fractions. Throws FailureError for anything wrong with the file. */
export async function parseDocument(
  { path, fileName }: ParseRequest,
  onProgress: OnProgress,
): Promise<ParsedDocument> {
  const { size } = await stat(path);
  if (size === 0) throw empty(`“${fileName}” is empty.`);
  const bytes = await readFile(path);
  const opened = 0.01; // a parser's own first steps must count as progress too
  onProgress(opened);
  const onParsed: OnProgress = (fraction) => onProgress(opened + (1 - opened) * fraction);
  const container = recogniseContainer(bytes, fileName);
  const document =
    container === 'pdf'
      ? await parsePdf(bytes, fileName, onParsed)
      : container === 'zip'
        ? await parsePackage(bytes, fileName, onParsed)
        : parseText(bytes, fileName, onParsed);
  if (document.text.trim() === '') throw empty(`“${fileName}” holds no text.`);
  const mismatch = misnamed(fileName, document.kind);
  if (mismatch) document.warnings.unshift(mismatch);
  return document;
}

function empty(message: string): FailureError {
  return new FailureError('document_no_text', message, 'Check that it is the right file.');
}

async function parsePackage(
  bytes: Buffer,
  fileName: string,
  onProgress: OnProgress,
): Promise<ParsedDocument> {
  const contents = await Package.open(bytes, fileName);
  if (contents.has('word/document.xml')) return parseDocx(bytes, contents, onProgress);
  if (contents.has('META-INF/container.xml')) return parseEpub(contents, onProgress);
  const starts = (folder: string) => contents.names.some((name) => name.startsWith(folder));
  const [is, hint] = starts('xl/')
    ? ['an Excel workbook', 'Export the sheet as CSV, or print it to PDF.']
    : starts('ppt/')
      ? ['a PowerPoint presentation', 'Export it as PDF.']
      : contents.has('content.xml')
        ? ['an OpenDocument file', 'Save it as DOCX or PDF.']
        : ['a zip archive', 'Unpack it and import the documents inside.'];
  throw new FailureError(
    'document_unsupported',
    `“${fileName}” is ${is}, which Longleaf cannot read.`,
    hint,
  );
}

function parseText(bytes: Buffer, fileName: string, onProgress: OnProgress): ParsedDocument {
  // No encoding takes more than four bytes for a letter.
  if (bytes.length > maxTextCharacters * 4) throw textTooLarge(fileName);
  const { text: raw, warning } = decodeText(bytes, fileName);
  if (raw.length > maxTextCharacters) throw textTooLarge(fileName);
  onProgress(0.3);
  const warnings = warning ? [warning] : [];
  const kind = textKind(raw, fileName);
  if (kind === 'html') return { ...parseHtml(raw, fileName), warnings };
  const text = normaliseText(raw);
  onProgress(0.6);
  if (kind === 'markdown') return { ...parseMarkdown(text, fileName), warnings };
  if (kind === 'code') return { ...parseCode(text, fileName), warnings };
  return { ...parsePlain(text, fileName), warnings };
}

function parseHtml(source: string, fileName: string): Omit<ParsedDocument, 'warnings'> {
  const { title, blocks } = htmlBlocks(source);
  const text = new DocumentText(fileName);
  for (const block of blocks) text.add(block);
  return {
    kind: 'html',
    title: chooseTitle([title, text.firstHeading], fileName),
    ...text.finish(),
  };
}

const promised: Record<string, ParsedDocument['kind']> = { pdf: 'pdf', docx: 'docx', epub: 'epub' };
const readAs: Record<ParsedDocument['kind'], string> = {
  pdf: 'a PDF',
  docx: 'a Word document',
  epub: 'an EPUB book',
  html: 'a web page',
  markdown: 'Markdown',
  text: 'plain text',
  code: 'source code',
};

/** A name that promises one format over the content of another. */
function misnamed(fileName: string, kind: ParsedDocument['kind']): string | undefined {
  const extension = /\.([^.]*)$/.exec(fileName.toLowerCase())?.[1] ?? '';
  const expected = promised[extension];
  const isPackage = kind === 'pdf' || kind === 'docx' || kind === 'epub';
  if (expected === kind || (!expected && !isPackage) || extension === '') return undefined;
  return `The name ends in .${extension}, but the file is ${readAs[kind]} and was read as one.`;
}
