// What a file is: by its first bytes, then by its name. Names what it looks like when Longleaf cannot read it.
import { FailureError, type DocumentKind } from '../../contract/index.js';
import { isCode } from './code-languages.js';

/** 'zip' is a DOCX or EPUB still to be told apart; 'text' any text, whatever its extension says. */
export type Container = 'pdf' | 'zip' | 'text';

interface Signature {
  bytes: string; // Latin-1
  at?: number;
  is: string;
  hint?: string;
}

const saveAs = (program: string) => `Open it in ${program} and save it as DOCX or PDF.`;
const needsOcr =
  'Longleaf reads text, not pictures: run text recognition (OCR) first and import the PDF.';

const signatures: Signature[] = [
  { bytes: '\x89PNG', is: 'a PNG picture', hint: needsOcr },
  { bytes: '\xff\xd8\xff', is: 'a JPEG picture', hint: needsOcr },
  { bytes: 'GIF8', is: 'a GIF picture', hint: needsOcr },
  { bytes: 'WEBP', at: 8, is: 'a WebP picture', hint: needsOcr },
  { bytes: 'II*\0', is: 'a TIFF picture', hint: needsOcr },
  { bytes: 'MM\0*', is: 'a TIFF picture', hint: needsOcr },
  { bytes: 'ftypheic', at: 4, is: 'a HEIC picture', hint: needsOcr },
  { bytes: 'ftypavif', at: 4, is: 'an AVIF picture', hint: needsOcr },
  { bytes: 'AT&TFORM', is: 'a DjVu scan', hint: 'Convert it to a PDF with text.' },
  { bytes: '8BPS', is: 'a Photoshop picture', hint: needsOcr },
  { bytes: 'ID3', is: 'an audio file' },
  { bytes: 'OggS', is: 'an audio file' },
  { bytes: 'fLaC', is: 'an audio file' },
  { bytes: 'WAVE', at: 8, is: 'an audio file' },
  { bytes: 'ftyp', at: 4, is: 'a video or audio file' },
  { bytes: '\x1aE\xdf\xa3', is: 'a video file' },
  { bytes: 'AVI ', at: 8, is: 'a video file' },
  { bytes: '\x1f\x8b', is: 'a gzip archive', hint: 'Unpack it and import what is inside.' },
  { bytes: 'BZh', is: 'a bzip2 archive', hint: 'Unpack it and import what is inside.' },
  { bytes: '\xfd7zXZ', is: 'an xz archive', hint: 'Unpack it and import what is inside.' },
  { bytes: '7z\xbc\xaf', is: 'a 7-Zip archive', hint: 'Unpack it and import what is inside.' },
  { bytes: 'Rar!', is: 'a RAR archive', hint: 'Unpack it and import what is inside.' },
  { bytes: '\x28\xb5\x2f\xfd', is: 'a Zstandard archive', hint: 'Unpack it first.' },
  { bytes: 'ustar', at: 257, is: 'a tar archive', hint: 'Unpack it and import what is inside.' },
  { bytes: '\x7fELF', is: 'a program' },
  { bytes: 'MZ', is: 'a Windows program' },
  { bytes: '\xcf\xfa\xed\xfe', is: 'a macOS program' },
  { bytes: '\0asm', is: 'a WebAssembly program' },
  { bytes: '\xca\xfe\xba\xbe', is: 'a program' },
  { bytes: 'SQLite format 3\0', is: 'a database' },
  { bytes: 'GGUF', is: 'a language model', hint: 'Add it under Settings, Model.' },
  { bytes: 'PAR1', is: 'a Parquet table', hint: 'Export it as CSV.' },
  { bytes: 'ITSF', is: 'a Windows help file', hint: 'Convert it to EPUB or HTML.' },
  { bytes: 'BOOKMOBI', at: 60, is: 'a Kindle book', hint: 'Convert it to EPUB.' },
  { bytes: '{\\rtf', is: 'a rich text (RTF) file', hint: saveAs('a word processor') },
  { bytes: '%!PS', is: 'a PostScript file', hint: 'Convert it to PDF.' },
  { bytes: 'wOFF', is: 'a font' },
  { bytes: 'wOF2', is: 'a font' },
  { bytes: 'OTTO', is: 'a font' },
];

/** Throws document_unsupported, document_encrypted or document_damaged when no parser could help. */
export function recogniseContainer(bytes: Buffer, fileName: string): Container {
  const head = bytes.toString('latin1', 0, 1024);
  if (head.includes('%PDF-')) return 'pdf';
  if (/^PK(\x03\x04|\x05\x06|\x07\x08)/.test(head)) return 'zip';
  if (head.startsWith('\xd0\xcf\x11\xe0')) throw oldOffice(bytes, fileName);
  const found = signatures.find(({ bytes: magic, at = 0 }) => head.startsWith(magic, at));
  // Short signatures of plain letters also begin ordinary sentences.
  if (found && (isMarked(found.bytes) || looksBinary(bytes))) {
    throw new FailureError(
      'document_unsupported',
      `“${fileName}” is ${found.is}, which Longleaf cannot read.`,
      found.hint,
    );
  }
  return 'text';
}

function isMarked(magic: string): boolean {
  return /[^\x20-\x7e]/.test(magic) || magic.startsWith('{\\rtf') || magic.startsWith('%!PS');
}

function oldOffice(bytes: Buffer, fileName: string): FailureError {
  const holds = (stream: string) => bytes.includes(Buffer.from(stream, 'utf16le'));
  if (holds('EncryptedPackage')) {
    return new FailureError(
      'document_encrypted',
      `“${fileName}” is protected with a password.`,
      'Save a copy without the password and import that.',
    );
  }
  const is = holds('WordDocument') ? 'a Word document of the old format' : 'an old Office file';
  return new FailureError(
    'document_unsupported',
    `“${fileName}” is ${is}, which Longleaf cannot read.`,
    saveAs('Word or LibreOffice'),
  );
}

/** NUL bytes or many control characters: no text in an encoding of one or more bytes per letter. */
export function looksBinary(bytes: Buffer): boolean {
  const sample = bytes.subarray(0, 64 * 1024);
  let controls = 0;
  for (const byte of sample) {
    if (byte === 0) return true;
    // Tab, line ends, form feed and escape (terminal colours, ISO-2022) are found in honest text.
    if ((byte < 32 && !(byte >= 8 && byte <= 13) && byte !== 27) || byte === 127) controls += 1;
  }
  return controls > sample.length * 0.02;
}

/** The kind of a text, from its first characters and its name. */
export function textKind(text: string, fileName: string): DocumentKind {
  const extension = /\.([^.]*)$/.exec(fileName.toLowerCase())?.[1] ?? '';
  if (['html', 'htm', 'xhtml', 'xht', 'shtml'].includes(extension)) return 'html';
  if (['md', 'markdown', 'mdown', 'mkd', 'mdx'].includes(extension)) return 'markdown';
  if (isCode(fileName)) return 'code';
  const start = text.slice(0, 2048).replace(/^(\s+|<\?xml[^>]*>|<!--[\s\S]*?-->)+/i, '');
  if (/^<(!doctype\s+html|html[\s>])/i.test(start)) return 'html';
  return 'text';
}
