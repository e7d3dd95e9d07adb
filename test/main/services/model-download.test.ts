// Downloads from a server of the test's own: whole, broken off and gone on with, wrong, and refused.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  downloadModel,
  fileName,
  fileUrl,
  type DownloadProgress,
} from '../../../main/services/model-download.js';
import { newFolder, removeFolder } from './app-fixture.js';

const content = Buffer.alloc(300_000, 'GGUF and more ');
const sum = createHash('sha256').update(content).digest('hex');

let folder: string;
let server: Server;
let asked: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let origin: string;

beforeEach(async () => {
  folder = newFolder();
  asked = [];
  answer = whole;
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  removeFolder(folder);
});

function whole(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, {
    etag: '"one"',
    'content-length': content.length - from,
  });
  response.end(content.subarray(from));
}

function get(path = '/m.gguf', sha256?: string, report: (p: DownloadProgress) => void = () => {}) {
  const { signal } = new AbortController();
  return downloadModel({ url: origin + path, sha256 }, folder, report, signal);
}

const failure = (message: RegExp, code?: string) =>
  expect.objectContaining({
    failure: expect.objectContaining({
      message: expect.stringMatching(message) as string,
      ...(code ? { code } : {}),
    }) as unknown,
  }) as unknown;

test('a whole file, with its sum and progress', async () => {
  const steps: DownloadProgress[] = [];
  const path = await get('/some/m.gguf', sum.toUpperCase(), (step) => steps.push(step));
  expect(path).toBe(join(folder, 'm.gguf'));
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(steps.at(-1)).toEqual({ bytesDone: 300_000, bytesTotal: 300_000, checking: false });
  expect(existsSync(`${path}.part`) || existsSync(`${path}.part.json`)).toBe(false);
});

test('goes on where the connection broke off', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { etag: '"one"', 'content-length': content.length });
    response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
  };
  await expect(get('/m.gguf', sum)).rejects.toEqual(failure(/broke off/, 'unreachable'));
  expect(readFileSync(join(folder, 'm.gguf.part')).length).toBe(100_000);
  answer = whole;
  const path = await get('/m.gguf', sum);
  expect(asked.at(-1)?.headers).toMatchObject({ range: 'bytes=100000-', 'if-range': '"one"' });
  expect(readFileSync(path).equals(content)).toBe(true);
});

test('begins anew when the file on the server is another', async () => {
  writeFileSync(join(folder, 'm.gguf.part'), 'of an older file');
  const about = { url: `${origin}/m.gguf`, tag: '"none"' };
  writeFileSync(join(folder, 'm.gguf.part.json'), JSON.stringify(about));
  answer = (request, response) => {
    delete request.headers.range; // If-Range does not hold
    whole(request, response);
  };
  expect(readFileSync(await get('/m.gguf', sum)).equals(content)).toBe(true);
});

test('what is not the announced file is thrown away', async () => {
  await expect(get('/m.gguf', 'a'.repeat(64))).rejects.toEqual(failure(/SHA-256 is/, 'bad_model'));
  expect(existsSync(join(folder, 'm.gguf')) || existsSync(join(folder, 'm.gguf.part'))).toBe(false);
});

test('the sum that the hub tells before it points elsewhere', async () => {
  answer = (request, response) => {
    if (request.url !== '/m.gguf') return whole(request, response);
    response.writeHead(302, { location: '/cdn', 'x-linked-etag': `"${'b'.repeat(64)}"` }).end();
  };
  await expect(get()).rejects.toEqual(failure(/expected bbbb/, 'bad_model'));
});

test.each([
  [401, /people it knows/],
  [404, /no file at that address/],
  [500, /error 500/],
])('an answer of %i', async (status, message) => {
  answer = (_request, response) => void response.writeHead(status).end();
  await expect(get()).rejects.toEqual(failure(message));
});

test('more than the disk holds', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 2 ** 52 });
    response.write('x');
  };
  await expect(get()).rejects.toEqual(failure(/The disk has .* free/, 'storage'));
});

test('a file that is there already', async () => {
  writeFileSync(join(folder, 'm.gguf'), 'x');
  await expect(get()).rejects.toEqual(failure(/is there already/));
  expect(asked).toEqual([]);
});

test('stopped: what came is kept', async () => {
  const abort = new AbortController();
  answer = (_request, response) => {
    response.writeHead(200, { etag: '"one"', 'content-length': content.length });
    response.write(content.subarray(0, 100_000));
  };
  const report = () => abort.abort();
  const work = downloadModel({ url: `${origin}/m.gguf` }, folder, report, abort.signal);
  await expect(work).rejects.toThrow();
  expect(readFileSync(join(folder, 'm.gguf.part')).length).toBeGreaterThan(0);
});

describe('addresses', () => {
  test('pages of the hub mean their file', () => {
    const url = fileUrl('https://huggingface.co/org/repo/blob/main/a%20b.gguf?download=true');
    expect(url.href).toBe('https://huggingface.co/org/repo/resolve/main/a%20b.gguf?download=true');
    expect(fileName(url)).toBe('a_b.gguf');
  });

  test('names stay in their folder', () => {
    expect(fileName(fileUrl('https://x.y/..%2F..%2Fetc%2Fpasswd.gguf'))).toBe(
      '_.._etc_passwd.gguf',
    );
  });

  test.each(['nothing', 'ftp://x.y/m.gguf', 'http://x.y/m.gguf', 'https://x.y/model'])(
    '%s is refused',
    (typed) => expect(() => fileUrl(typed)).toThrow(),
  );
});
