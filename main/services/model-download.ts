// One model file from a URL: into a part file that a later attempt goes on with, checked against the sum that
// the user or the server gives, and moved to its name only when it is whole.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FailureError } from '../contract/index.js';
import { gigabytes } from './gigabytes.js';

export interface DownloadOrder {
  url: string;
  /** Hex; compared when it is given, by the user or by the server. */
  sha256?: string;
}

export interface DownloadProgress {
  bytesDone: number;
  bytesTotal: number | null;
  checking: boolean;
}

interface Source {
  response: Response;
  total: number | null;
  sha256: string | undefined;
  /** What identifies this version of the file. */
  tag: string | null;
}

/** Space to leave on the disk, bytes. */
const reserve = 512 * 1024 * 1024;

/** "…/blob/…" of the Hugging Face hub is a page about the file; "…/resolve/…" is the file. */
export function fileUrl(typed: string): URL {
  let url: URL;
  try {
    url = new URL(typed.trim());
  } catch {
    throw new FailureError('bad_request', `“${typed}” is not a web address.`);
  }
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    throw new FailureError('bad_request', 'Models are downloaded over https only.');
  }
  if (url.hostname === 'huggingface.co') url.pathname = url.pathname.replace('/blob/', '/resolve/');
  if (!/\.gguf$/i.test(url.pathname)) {
    throw new FailureError(
      'bad_request',
      'The address does not end in .gguf.',
      'Copy the address of the GGUF file itself, not of the page about it.',
    );
  }
  return url;
}

/** A name of ours from the address: no path, nothing a file system minds. */
export function fileName(url: URL): string {
  const name = decodeURIComponent(basename(url.pathname)).replace(/[^\w.+-]+/g, '_');
  return name.replace(/^\.+/, '').slice(-180) || 'model.gguf';
}

/** The path of the whole file. Throws FailureError; an abort rejects with the signal's reason. */
export async function downloadModel(
  order: DownloadOrder,
  folder: string,
  report: (progress: DownloadProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  const url = fileUrl(order.url);
  const path = join(folder, fileName(url));
  if (await sizeOf(path)) {
    throw new FailureError('bad_request', `${path} is there already.`, 'Add it by its path.');
  }
  await mkdir(folder, { recursive: true });
  const part = `${path}.part`;
  const kept = await keptPart(part, url.href);
  const source = await connect(url, kept, signal);
  const resumed = source.response.status === 206 ? (kept?.bytes ?? 0) : 0;
  await requireSpace(folder, source.total, resumed);
  await writeFile(`${part}.json`, JSON.stringify({ url: url.href, tag: source.tag }));
  const digest = await receive(source, part, resumed, report, signal);
  const expected = order.sha256?.trim().toLowerCase() || source.sha256;
  if (expected && digest !== expected) {
    await forget(part);
    throw new FailureError(
      'bad_model',
      `What was downloaded is not the file that was announced: its SHA-256 is ${digest}, expected ${expected}.`,
      'Try again, or download it another way.',
    );
  }
  await rename(part, path);
  await forget(part);
  return path;
}

async function keptPart(part: string, url: string) {
  const bytes = await sizeOf(part);
  const about = await readFile(`${part}.json`, 'utf8').catch(() => '{}');
  const { url: from, tag } = JSON.parse(about) as { url?: string; tag?: string | null };
  return bytes && from === url && tag ? { bytes, tag } : undefined;
}

async function connect(
  url: URL,
  kept: { bytes: number; tag: string } | undefined,
  signal: AbortSignal,
): Promise<Source> {
  const headers: Record<string, string> = kept
    ? { Range: `bytes=${kept.bytes}-`, 'If-Range': kept.tag }
    : {};
  // The hub tells size and sum in its own answer, and then points elsewhere.
  const first = await ask(url, { headers, redirect: 'manual', signal });
  const linked = /^"?([0-9a-f]{64})"?$/.exec(first.headers.get('x-linked-etag') ?? '')?.[1];
  const to = first.headers.get('location');
  const moved = first.status >= 300 && first.status < 400 && to;
  const response = moved ? await ask(new URL(to, url), { headers, signal }) : first;
  if (response.status === 416) throw new FailureError('bad_model', 'The part on disk is too long.');
  if (!response.ok || !response.body) throw refusal(response.status);
  const length = Number(response.headers.get('content-length') ?? NaN);
  const before = response.status === 206 ? (kept?.bytes ?? 0) : 0;
  return {
    response,
    total: Number.isFinite(length) ? before + length : null,
    sha256: linked,
    tag: response.headers.get('etag') ?? response.headers.get('last-modified'),
  };
}

async function ask(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new FailureError(
      'unreachable',
      `${url.host} could not be reached.`,
      'Check the address and the connection; what is on disk already is kept.',
    );
  }
}

function refusal(status: number): FailureError {
  if (status === 401 || status === 403) {
    return new FailureError(
      'bad_request',
      'The server gives this file only to people it knows.',
      'Download it in a browser where you are signed in, and add it by its path.',
    );
  }
  if (status === 404) return new FailureError('not_found', 'There is no file at that address.');
  return new FailureError('unreachable', `The server answered with error ${status}.`, 'Try later.');
}

async function requireSpace(folder: string, total: number | null, have: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const needed = (total ?? 0) - have + reserve;
  if (needed <= free) return;
  throw new FailureError(
    'storage',
    `The disk has ${gigabytes(free)} free; the download needs ${gigabytes(needed)}.`,
    'Make room, or choose a smaller file.',
  );
}

/** Writes the body after what is there, and returns the SHA-256 of all of it. */
async function receive(
  { response, total }: Source,
  part: string,
  resumed: number,
  report: (progress: DownloadProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  if (resumed > 0)
    await hashFile(part, hash, (checked) => report(at(checked, total, true)), signal);
  const file = await open(part, resumed > 0 ? 'a' : 'w');
  let done = resumed;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted();
      await file.write(chunk);
      hash.update(chunk);
      done += chunk.length;
      report(at(done, total, false));
    }
    await file.sync();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new FailureError(
      'unreachable',
      'The connection broke off.',
      'Download it again: it goes on where it stopped.',
    );
  } finally {
    await file.close();
  }
  if (total !== null && done !== total) {
    throw new FailureError(
      'unreachable',
      'The server ended the download early.',
      'Download it again: it goes on where it stopped.',
    );
  }
  return hash.digest('hex');
}

async function hashFile(
  path: string,
  hash: Hash,
  report: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let done = 0;
  for await (const chunk of createReadStream(path, { signal })) {
    hash.update(chunk as Buffer);
    report((done += (chunk as Buffer).length));
  }
}

const at = (bytesDone: number, bytesTotal: number | null, checking: boolean) => ({
  bytesDone,
  bytesTotal,
  checking,
});

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

async function forget(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}
