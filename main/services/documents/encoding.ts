// From bytes to text: byte order mark, then UTF-16 of Latin text without one, then strict UTF-8, then any other
// UTF-16, then a page's own declaration, then statistics. A guess is reported as one.
import chardet from 'chardet';
import iconv from 'iconv-lite';
import { FailureError } from '../../contract/index.js';
import { looksBinary } from './detect.js';

export interface Decoded {
  text: string;
  /** Set when the encoding was guessed. */
  warning?: string;
}

const sampleBytes = 256 * 1024;

export function decodeText(bytes: Buffer, fileName: string): Decoded {
  const marked = byteOrderMark(bytes) ?? wideWithoutMark(bytes);
  if (marked) return { text: iconv.decode(bytes, marked) };
  const binary = looksBinary(bytes);
  if (!binary) {
    try {
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
    } catch {
      // Not UTF-8: something older.
    }
  }
  const wide = wideByContent(bytes);
  if (wide) return guessed(bytes, wide);
  if (binary) throw looksLikeBinary(fileName);
  const declared = declaredCharset(bytes);
  if (declared) return { text: iconv.decode(bytes, declared) };
  return guessed(bytes, guess(bytes));
}

function guessed(bytes: Buffer, encoding: string): Decoded {
  return {
    text: iconv.decode(bytes, encoding),
    warning: `The file does not say how its letters are encoded; it was read as ${encoding.replace(/^utf/, 'UTF')}. If letters look wrong, save it as UTF-8.`,
  };
}

function looksLikeBinary(fileName: string): FailureError {
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(fileName)?.[0];
  return new FailureError(
    'document_unsupported',
    extension
      ? `“${fileName}” looks like a binary file renamed ${extension}: it holds bytes that no text has.`
      : `“${fileName}” looks like a binary file: it holds bytes that no text has.`,
    'Longleaf reads PDF, DOCX, EPUB, HTML, Markdown, plain text and source code.',
  );
}

function byteOrderMark(bytes: Buffer): string | undefined {
  const start = bytes.toString('hex', 0, 4);
  if (start.startsWith('efbbbf')) return 'utf-8';
  if (start === 'fffe0000') return 'utf-32le';
  if (start === '0000feff') return 'utf-32be';
  if (start.startsWith('fffe')) return 'utf-16le';
  if (start.startsWith('feff')) return 'utf-16be';
  return undefined;
}

/** UTF-16 of mostly Latin text: nearly every second byte is zero, and always the same second one. */
function wideWithoutMark(bytes: Buffer): string | undefined {
  const sample = bytes.subarray(0, Math.min(bytes.length, 4096) & ~1);
  if (sample.length < 8) return undefined;
  const zeros = [0, 0];
  sample.forEach((byte, i) => byte === 0 && zeros[i & 1]!++);
  const half = sample.length / 2;
  if (zeros[1]! > half * 0.7 && zeros[0]! < half * 0.02) return 'utf-16le';
  if (zeros[0]! > half * 0.7 && zeros[1]! < half * 0.02) return 'utf-16be';
  return undefined;
}

const onlyText = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}\t\n\f\r]*$/u;
/** Found in every text, and as UTF-16 made of bytes that no text of another encoding has (00, 01, 02, ff). */
const common = /[\t\n\r .,\u3000-\u3002\uff0c]/g;

/** UTF-16 without a mark in any script: nothing but letters and signs, with spaces and stops among them. */
function wideByContent(bytes: Buffer): string | undefined {
  const sample = bytes.subarray(0, Math.min(bytes.length, 8192) & ~1);
  const commonest = (encoding: 'utf-16le' | 'utf-16be') => {
    // A pair of surrogates may be cut in two at the end.
    const text = iconv.decode(sample, encoding).replace(/[\ud800-\udbff]$/, '');
    if (!text.isWellFormed() || !onlyText.test(text)) return 0;
    return (text.match(common)?.length ?? 0) / text.length;
  };
  const [le, be] = [commonest('utf-16le'), commonest('utf-16be')];
  if (Math.max(le, be) < 0.01) return undefined;
  return le > be ? 'utf-16le' : 'utf-16be';
}

/** <meta charset="…"> or <?xml encoding="…"?> near the start. */
function declaredCharset(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 4096);
  const found = /<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)/i.exec(head)?.[1];
  if (!found || /^utf-?(8|16)/i.test(found) || !iconv.encodingExists(found)) return undefined;
  // Browsers read Latin-1 as its superset, and so do the people who wrote it.
  return /^(iso-?8859-?1|us-?ascii)$/i.test(found) ? 'windows-1252' : found;
}

function guess(bytes: Buffer): string {
  const firstHigh = bytes.findIndex((byte) => byte > 127);
  const from = Math.max(0, firstHigh - 1024);
  const found = chardet.analyse(bytes.subarray(from, from + sampleBytes));
  for (const { name } of found) {
    if (/^(ascii|utf-?8|utf-?(16|32).*)$/i.test(name) || !iconv.encodingExists(name)) continue;
    return name === 'ISO-8859-1' ? 'windows-1252' : name;
  }
  return 'windows-1252';
}
