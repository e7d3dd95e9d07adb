// Parses one file in a process of its own, and outlives whatever that process does: limits of size, time and
// memory, cancelling, and a sentence for every way it can end.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  FailureError,
  parseEvent,
  type ParsedDocument,
  type ParseRequest,
  type StartWorker,
  type WorkerProcess,
} from '../../contract/index.js';
import { heapMiB, maxFileBytes, overallMs, stallMs } from './limits.js';

export interface ParseFileOptions {
  path: string;
  /** As the user knows it. */
  fileName: string;
  startWorker: StartWorker;
  signal?: AbortSignal;
  /** 0 to 1, rising. */
  onProgress?: (fraction: number) => void;
  /** Tests shorten these. */
  limits?: { stallMs?: number; overallMs?: number; heapMiB?: number };
}

/** Rejects with FailureError; after `signal` aborted, with the signal's reason. No process is left behind. */
export async function parseFile(options: ParseFileOptions): Promise<ParsedDocument> {
  options.signal?.throwIfAborted();
  await checkFile(options.path, options.fileName);
  options.signal?.throwIfAborted();
  const worker = options.startWorker({
    entry: 'parser',
    heapMiB: options.limits?.heapMiB ?? heapMiB,
  });
  try {
    return await supervise(worker, options);
  } finally {
    worker.kill();
  }
}

/** Refuses what need not even be copied: a folder, an empty file, one past the size limit. */
export async function checkFile(path: string, fileName: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw cannotOpen(fileName, error);
  });
  if (!found.isFile()) {
    const [is, hint] = found.isDirectory()
      ? ['a folder', 'Choose the documents inside it.']
      : ['not a file', undefined];
    throw new FailureError('document_unsupported', `“${fileName}” is ${is}.`, hint);
  }
  if (found.size === 0) {
    throw new FailureError(
      'document_no_text',
      `“${fileName}” is empty.`,
      'Check that it is the right file.',
    );
  }
  if (found.size > maxFileBytes) throw fileTooLarge(fileName, found.size);
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

/** `bytes`: its size, where it is known. */
export function fileTooLarge(fileName: string, bytes?: number): FailureError {
  const size = bytes ? megabytes(bytes) : `more than ${megabytes(maxFileBytes)}`;
  return new FailureError(
    'document_too_large',
    `“${fileName}” has ${size}; Longleaf takes files up to ${megabytes(maxFileBytes)}.`,
    'Split it, or save it without its pictures.',
  );
}

/** Passes the bytes of a document through until there are too many. */
export function limited(fileName: string): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > maxFileBytes) done(fileTooLarge(fileName));
      else done(null, chunk);
    },
  });
}

/** SHA-256 of a file in hexadecimal, read as a stream. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}

export function cannotOpen(fileName: string, error: unknown): FailureError {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'EACCES' || code === 'EPERM') {
    return new FailureError(
      'not_found',
      `“${fileName}” may not be opened.`,
      'Check the permissions of the file.',
    );
  }
  return new FailureError(
    'not_found',
    `“${fileName}” cannot be found.`,
    'It may have been moved or renamed.',
  );
}

function supervise(worker: WorkerProcess, options: ParseFileOptions): Promise<ParsedDocument> {
  const { path, fileName, signal, onProgress, limits } = options;
  return new Promise((resolve, reject) => {
    let reached = 0;
    let stall: NodeJS.Timeout | undefined;
    const finish = (settle: () => void) => {
      clearTimeout(stall);
      clearTimeout(overall);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    const abort = () => finish(() => reject(signal?.reason as Error));
    const slow = () => finish(() => reject(tooSlow(fileName, reached)));
    const advance = () => {
      clearTimeout(stall);
      stall = setTimeout(slow, limits?.stallMs ?? stallMs);
    };
    const overall = setTimeout(slow, limits?.overallMs ?? overallMs);
    signal?.addEventListener('abort', abort, { once: true });
    advance();
    worker.onMessage((message) => {
      const { data: event } = parseEvent.safeParse(message);
      if (event?.type === 'progress' && event.fraction > reached) {
        reached = Math.min(1, event.fraction);
        advance();
        onProgress?.(reached);
      } else if (event?.type === 'parsed') finish(() => resolve(event.document));
      else if (event?.type === 'failed') {
        const { code, message: words, hint } = event.failure;
        finish(() => reject(new FailureError(code, words, hint)));
      }
    });
    worker.onExit((code) => finish(() => reject(died(fileName, code))));
    worker.post({ path, fileName } satisfies ParseRequest);
  });
}

function tooSlow(fileName: string, reached: number): FailureError {
  const part = reached > 0.01 ? ` after ${Math.floor(reached * 100)} % of it` : '';
  return new FailureError(
    'document_too_slow',
    `Reading “${fileName}” got stuck${part} and was stopped.`,
    'The file may be damaged. Opening it in its own program and saving it as a new PDF often helps.',
  );
}

/** The process ended without a word: nearly always its memory limit. A plain exit code means it broke off. */
function died(fileName: string, code: number | null): FailureError {
  const outOfMemory = code === null || code >= 128 || code === 5;
  if (!outOfMemory) {
    return new FailureError(
      'document_damaged',
      `“${fileName}” could not be read: its parser broke off.`,
      'The file may be damaged. Open it in its own program and save it anew.',
    );
  }
  return new FailureError(
    'document_too_large',
    `“${fileName}” needs more memory to open than Longleaf gives one document.`,
    'Split it into several documents, or save it as plain text.',
  );
}
