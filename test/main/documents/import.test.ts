// The process around a parser: results, progress and cancelling through it; hangs, crashes and limits survived.
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import type { StartWorker } from '../../../main/contract/index.js';
import { hashFile, parseFile } from '../../../main/services/documents/import.js';
import { nodeWorkersIn } from '../../../main/services/node-worker.js';
import { writePdf } from '../../fixtures/documents/pdf-writer.js';
import { expectSound, failureFrom, labels, sampleFile } from '../../fixtures/documents/samples.js';
import { writeDocx, docxParagraph } from '../../fixtures/documents/zip-writer.js';

// Inside the repository: the bundle finds its packages by where it lies.
const folder = new URL('../../../dist/test/parser/', import.meta.url);
let real: StartWorker;

function workerOf(name: string, source: string): StartWorker {
  const place = new URL(`${name}/`, folder);
  mkdirSync(place, { recursive: true });
  writeFileSync(new URL('parser.js', place), source);
  return nodeWorkersIn(place);
}

const parserFolder = new URL('../../../main/services/parser/', import.meta.url);

beforeAll(async () => {
  await build({
    entryPoints: {
      parser: fileURLToPath(new URL('main.ts', parserFolder)),
      watchdog: fileURLToPath(new URL('watchdog.ts', parserFolder)),
    },
    outdir: fileURLToPath(new URL('real/', folder)),
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  real = nodeWorkersIn(new URL('real/', folder));
});

test('a document comes back from the process', async () => {
  const path = sampleFile('a.pdf', writePdf([['One two three'], ['Four five six']]));
  const document = await parseFile({ path, fileName: 'a.pdf', startWorker: real });
  expectSound(document);
  expect(labels(document)).toEqual(['Page 1', 'Page 2']);
});

test('a failure comes back with its words', async () => {
  const path = sampleFile('a.pdf', '%PDF-1.4 nothing more');
  const failure = await failureFrom(parseFile({ path, fileName: 'a.pdf', startWorker: real }));
  expect(failure).toMatchObject({ code: 'document_damaged' });
  expect(failure.hint).toBeTruthy();
});

test('ten thousand pages are read, with progress', async () => {
  const pages = Array.from({ length: 10_000 }, (_, i) => [
    `Page ${i + 1} of the long register of crossings.`,
    'The ferry left at dawn.',
  ]);
  const path = sampleFile('register.pdf', writePdf(pages));
  const seen: number[] = [];
  const document = await parseFile({
    path,
    fileName: 'register.pdf',
    startWorker: real,
    onProgress: (fraction) => seen.push(fraction),
  });
  expectSound(document);
  expect(document.anchors).toHaveLength(10_000);
  expect(document.text).toContain('Page 9999 of the long register');
  expect(seen.length).toBeGreaterThan(5);
  expect(seen).toEqual(seen.toSorted((one, other) => one - other));
}, 600_000);

test('more pages than the limit end in a sentence', async () => {
  const path = sampleFile('huge.pdf', writePdf(Array.from({ length: 20_001 }, () => [])));
  const failure = await failureFrom(parseFile({ path, fileName: 'huge.pdf', startWorker: real }));
  expect(failure).toMatchObject({ code: 'document_too_large' });
  expect(failure.message).toContain('20001');
});

test('a file of 500 MB is refused before anything is started', async () => {
  const path = sampleFile('big.txt', 'x');
  truncateSync(path, 500 * 1024 * 1024);
  const startWorker: StartWorker = () => expect.fail('nothing should be started');
  const failure = await failureFrom(parseFile({ path, fileName: 'big.txt', startWorker }));
  expect(failure).toMatchObject({ code: 'document_too_large' });
  expect(failure.message).toMatch(/has 524 MB; .* up to 256 MB/);
});

test('more text than the limit is refused', async () => {
  const path = sampleFile('words.txt', Buffer.alloc(41_000_000, 'words '));
  const failure = await failureFrom(parseFile({ path, fileName: 'words.txt', startWorker: real }));
  expect(failure).toMatchObject({ code: 'document_too_large' });
});

test('a parser that hangs is ended; one that advances is not', async () => {
  const path = sampleFile('a.txt', 'text');
  const hangs = workerOf('hangs', 'process.once("message", () => { for (;;) {} });');
  const begun = performance.now();
  const failure = await failureFrom(
    parseFile({ path, fileName: 'a.txt', startWorker: hangs, limits: { stallMs: 500 } }),
  );
  expect(failure.code).toBe('document_too_slow');
  expect(performance.now() - begun).toBeLessThan(5000);

  const document = {
    kind: 'text',
    title: 'a',
    text: 'b',
    anchorKind: 'lines',
    anchors: [],
    warnings: [],
  };
  const advances = workerOf(
    'advances',
    `let n = 0; process.once('message', () => setInterval(() => {
       if (++n < 12) process.send({ type: 'progress', fraction: n / 12 });
       else process.send({ type: 'parsed', document: ${JSON.stringify(document)} });
     }, 150));`,
  );
  const limits = { stallMs: 1200 };
  expect(await parseFile({ path, fileName: 'a.txt', startWorker: advances, limits })).toEqual(
    document,
  );
  const overall = { stallMs: 1200, overallMs: 600 };
  const late = parseFile({ path, fileName: 'a.txt', startWorker: advances, limits: overall });
  expect((await failureFrom(late)).code).toBe('document_too_slow');
});

test('repeating the same progress does not count as progress', async () => {
  const path = sampleFile('a.txt', 'text');
  const startWorker = workerOf(
    'repeats',
    `setInterval(() => process.send({ type: 'progress', fraction: 0.5 }), 50);`,
  );
  const failure = await failureFrom(
    parseFile({ path, fileName: 'a.txt', startWorker, limits: { stallMs: 600 } }),
  );
  expect(failure).toMatchObject({ code: 'document_too_slow' });
  expect(failure.message).toContain('50 %');
});

test('the heap limit ends the parser, not the app', async () => {
  const body = docxParagraph('word '.repeat(50)).repeat(40_000);
  const path = sampleFile('heavy.docx', writeDocx(body + docxParagraph(crypto.randomUUID())));
  const failure = await failureFrom(
    parseFile({ path, fileName: 'heavy.docx', startWorker: real, limits: { heapMiB: 48 } }),
  );
  expect(failure).toMatchObject({ code: 'document_too_large' });
});

test('memory outside the heap is limited too, even in a loop that never yields', async () => {
  const path = sampleFile('a.txt', 'text');
  const startWorker = workerOf(
    'hoards',
    `import { startWatchdog } from '../real/watchdog.js';
     startWatchdog(300 * 1024 * 1024);
     process.once('message', () => { const held = []; for (;;) held.push(Buffer.alloc(1 << 20, 1)); });`,
  );
  const failure = await failureFrom(parseFile({ path, fileName: 'a.txt', startWorker }));
  expect(failure.code).toBe('document_too_large');
});

test('the same entry serves Electron’s parent port', async () => {
  const path = sampleFile('a.txt', 'Some text.');
  const startWorker = workerOf(
    'electron',
    `process.parentPort = {
       on: (_, listener) => process.on('message', (data) => listener({ data })),
       postMessage: (message) => process.send(message),
     };
     await import('../real/parser.js');`,
  );
  const document = await parseFile({ path, fileName: 'a.txt', startWorker });
  expect(document.text).toBe('Some text.');
});

test('a parser that breaks off is told from one out of memory', async () => {
  const path = sampleFile('a.txt', 'text');
  const startWorker = workerOf('breaks', 'process.once("message", () => process.exit(1));');
  const failure = await failureFrom(parseFile({ path, fileName: 'a.txt', startWorker }));
  expect(failure.code).toBe('document_damaged');
});

test('cancelling ends the process at once', async () => {
  const path = sampleFile('a.txt', 'text');
  const cancel = new AbortController();
  const hangs = workerOf('hangs-too', 'setInterval(() => {}, 1000);');
  let ended = false;
  const startWorker: StartWorker = (options) => {
    const worker = hangs(options);
    worker.onExit(() => (ended = true));
    return worker;
  };
  const work = parseFile({ path, fileName: 'a.txt', startWorker, signal: cancel.signal });
  setTimeout(() => cancel.abort(), 100);
  await expect(work).rejects.toThrow('aborted');
  await expect.poll(() => ended).toBe(true);
});

test('folders, missing and empty files never start a process', async () => {
  const startWorker: StartWorker = () => expect.fail('nothing should be started');
  const code = async (path: string) =>
    (await failureFrom(parseFile({ path, fileName: 'x.pdf', startWorker }))).code;
  expect(await code(tmpdir())).toBe('document_unsupported');
  expect(await code(fileURLToPath(new URL('missing', pathToFileURL(tmpdir()))))).toBe('not_found');
  expect(await code(sampleFile('x.pdf', ''))).toBe('document_no_text');
});

test('the worker sees no more of the environment than it needs', async () => {
  process.env.SECRET_TOKEN = 'hidden';
  const startWorker = workerOf(
    'environment',
    `process.send({ type: 'failed', failure: { code: 'internal', message: Object.keys(process.env).join() } });`,
  );
  const path = sampleFile('a.txt', 'text');
  const { message } = await failureFrom(parseFile({ path, fileName: 'a.txt', startWorker }));
  expect(message).toContain('PATH');
  expect(message).not.toContain('SECRET_TOKEN');
});

test('hashes a file', async () => {
  expect(await hashFile(sampleFile('a.txt', 'abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
