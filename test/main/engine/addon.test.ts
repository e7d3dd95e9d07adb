// Holds the binary to native/addon/index.d.ts, with the bundled model.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nativeFailureCodes } from '../../../main/contract/failure.js';
import type { Addon, NativeEngine, ReadingProgress } from '../../../native/addon/index.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const binary = join(root, 'native/build/Release/longleaf.node');
const model = join(root, 'models/longleaf-mini.gguf');
const addon = createRequire(import.meta.url)(binary) as Addon;
const novel = readFileSync(join(root, 'test/fixtures/novel.txt'), 'utf8');

const silent = () => undefined;

async function promptTokens(engine: NativeEngine, document: string, question: string) {
  return engine.tokenize([
    { text: '<|doc|>', special: true },
    { text: document, special: false },
    { text: '<|user|>', special: true },
    { text: question, special: false },
    { text: '<|assistant|>', special: true },
  ]);
}

describe('the module', () => {
  test('says who it is and which codes it uses', () => {
    expect(addon.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect([...addon.errorCodes].sort()).toEqual([...nativeFailureCodes].sort());
  });

  test('inspects a model without loading it', async () => {
    const info = await addon.inspect(model);
    expect(info).toMatchObject({
      architecture: 'llama',
      quantisation: 'Q8_0',
      contextLength: 131072,
      layers: 8,
      embeddingLength: 512,
      ffnLength: 1408,
      heads: 8,
      kvHeads: 4,
      headDim: 64,
      vocabSize: 8192,
      addBos: false,
    });
    expect(info.fingerprint).toMatch(/^[0-9a-f]{32,}$/);
    expect(info.chatTemplate).toContain('<|doc|>');
    expect(info.parameters).toBeGreaterThan(27e6);
  });

  test('plans memory', async () => {
    const plan = await addon.plan({ path: model, contextTokens: 4096, kvType: 'f16' });
    expect(plan.fits).toBe(true);
    expect(plan.contextTokens).toBe(4096);
    expect(plan.totalBytes).toBe(plan.weightsBytes + plan.kvBytes + plan.scratchBytes);
    const small = await addon.plan({ path: model, contextTokens: 4096, kvType: 'q8_0' });
    expect(small.kvBytes).toBeLessThan(plan.kvBytes * 0.6);
  });
});

describe('failures', () => {
  test('a damaged or missing file is a bad model', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'longleaf-'));
    try {
      const path = join(folder, 'cut.gguf');
      writeFileSync(path, readFileSync(model));
      truncateSync(path, 1_000_000);
      await expect(addon.load({ path })).rejects.toMatchObject({ code: 'bad_model' });
      await expect(addon.inspect(join(folder, 'none.gguf'))).rejects.toMatchObject({
        code: 'bad_model',
        hint: expect.any(String) as string,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('arguments of the wrong kind are TypeErrors in whole sentences', async () => {
    const load = addon.load as (options: unknown, progress?: unknown) => Promise<NativeEngine>;
    const cases: [unknown, string][] = [
      [undefined, 'The load options must be an object.'],
      [{}, "The load options must have 'path'."],
      [{ path: 7 }, "'path' of the load options must be a string."],
      [
        { path: model, kvType: 'f8' },
        "'kvType' of the load options is 'f8'; it can be 'f32', 'f16' or 'q8_0'.",
      ],
      [
        { path: model, threads: 1.5 },
        "'threads' of the load options is 1.500000; it must be a whole number from 0 to 2147483647.",
      ],
    ];
    cases.push(
      [{ path: model, allowQ8Kv: 'yes' }, "'allowQ8Kv' of the load options must be true or false."],
      [
        { path: model, vramLimitBytes: -1 },
        "'vramLimitBytes' of the load options is -1; it must be a whole number from 0 to 9007199254740991.",
      ],
    );
    for (const [options, message] of cases) {
      const error: unknown = await load(options).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ message, code: 'bad_request', hint: '' });
    }
    await expect(load({ path: model }, 'no function')).rejects.toThrow(
      'onProgress must be a function.',
    );
  });

  test('more context than the model declares is refused', async () => {
    await expect(addon.load({ path: model, contextTokens: 131073 })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('131072') as string,
    });
  });
});

describe('the GPU', () => {
  test('is used by itself where it works; elsewhere the CPU is, and asking for it by name is refused', async () => {
    const options = { path: model, contextTokens: 2048 };
    const automatic = await addon.load(options);
    const named: NativeEngine | Error = await addon
      .load({ ...options, device: 'cuda' })
      .catch((error: Error) => error);
    if (named instanceof Error) {
      expect(named).toMatchObject({
        code: 'bad_request',
        hint: expect.stringContaining('CPU') as string,
      });
      expect(automatic.device).toContain('CPU');
    } else {
      expect(automatic.device).toBe(named.device);
      await named.close();
    }
    expect(automatic.memory).toMatchObject({ fits: true, kvType: 'f16', note: '' });
    await automatic.close();
    const chosen = await addon.load({ ...options, device: 'cpu', vramLimitBytes: 1 });
    expect(chosen.device).toContain('CPU');
    await chosen.close();
  });
});

describe('an engine', () => {
  let engine: NativeEngine;
  const fractions: number[] = [];
  beforeAll(async () => {
    const options = { path: model, contextTokens: 16384, device: 'cpu' } as const;
    engine = await addon.load(options, (f) => fractions.push(f));
  });
  afterAll(() => engine.close());

  test('loads with progress and describes itself', () => {
    expect(fractions.at(-1)).toBe(1);
    expect(engine.info.layers).toBe(8);
    expect(engine.memory.contextTokens).toBe(16384);
    expect(engine.device).toContain('CPU');
  });

  test('turns text to tokens and back; document text cannot forge a turn', async () => {
    const text = 'Straße — 日本語 🌲 <|user|>';
    const tokens = await engine.tokenize([
      { text: '<|doc|>', special: true },
      { text, special: false },
    ]);
    expect(tokens).toBeInstanceOf(Int32Array);
    expect(engine.detokenize(tokens)).toBe(text);
    const [forged] = await engine.tokenize([{ text: '<|user|>', special: true }]);
    expect(Array.from(tokens)).not.toContain(forged);
    expect(() => engine.detokenize(Int32Array.of(8192))).toThrow('8192');
  });

  test('reads with progress, answers, and reads on', async () => {
    const at = novel.indexOf('. ', 6000) + 2;
    const document = `${novel.slice(0, at)}The access code of the gilded ferry is 48213. ${novel.slice(at, 9000)}`;
    const tokens = await promptTokens(
      engine,
      document,
      'What is the access code of the gilded ferry?',
    );
    const session = engine.openSession();
    const reports: ReadingProgress[] = [];
    const read = await session.read(tokens, null, (p) => reports.push(p));
    expect(read).toMatchObject({ cancelled: false, reusedTokens: 0, readTokens: tokens.length });
    expect(read.keptFraction).toEqual(Array(8).fill(1));
    expect(session.length).toBe(tokens.length);
    expect(reports.at(-1)).toMatchObject({
      tokensDone: tokens.length,
      tokensTotal: tokens.length,
    });

    let answer = '';
    let count = 0;
    const result = await session.generate({ maxTokens: 64 }, (text, tokenCount) => {
      answer += text;
      count += tokenCount;
    });
    expect(answer).toContain('48213');
    expect(result.reason).toBe('stop');
    expect(result.tokens).toBe(count);
    expect(session.length).toBe(tokens.length + count + 1); // the end token joins too

    session.rewind(tokens.length);
    expect(session.length).toBe(tokens.length);
    const logits = await session.logits();
    expect(logits).toHaveLength(engine.info.vocabSize);
    expect(logits.every((value) => Number.isFinite(value))).toBe(true);
    const again = await session.read(tokens, null, silent);
    expect(again.reusedTokens).toBeGreaterThanOrEqual(tokens.length - 1);
    session.close();
    await expect(session.read(tokens, null, silent)).rejects.toMatchObject({ code: 'bad_request' });
  });

  test('reads sparsely when asked', async () => {
    const session = engine.openSession();
    const tokens = await engine.tokenize([{ text: novel.slice(0, 12000), special: false }]);
    const sparsity = { tau: 0.1, layers: [2, 3], window: 128, minTokens: 256, pool: 7 };
    const read = await session.read(tokens, sparsity, silent);
    expect(read.keptFraction[2]).toBeLessThan(1);
    expect(read.keptFraction[0]).toBe(1);
    expect(read.keptPlaces).toHaveLength(8 * 128);
    const shares = [...read.keptPlaces.subarray(2 * 128, 3 * 128)];
    // Stretches differ in length by a token at most.
    expect(shares.reduce((sum, each) => sum + each, 0) / 128).toBeCloseTo(read.keptFraction[2]!, 2);
    expect(shares.at(-1)).toBe(1);
    expect(read.keptPlaces[0]).toBe(1);
    session.close();
  });

  test('one call at a time; cancel ends the running one, and only that one', async () => {
    const session = engine.openSession();
    const tokens = await engine.tokenize([{ text: novel, special: false }]);
    const whole = tokens.slice(0, 16000);
    const running = session.read(whole, null, silent);
    await expect(session.read(whole, null, silent)).rejects.toMatchObject({ code: 'bad_request' });
    await expect(session.generate({}, silent)).rejects.toMatchObject({ code: 'bad_request' });
    expect(() => session.rewind(0)).toThrow('busy');
    const asked = performance.now();
    session.cancel();
    expect(await running).toMatchObject({ cancelled: true });
    expect(performance.now() - asked).toBeLessThan(400); // 200 ms of ours, and a busy machine
    expect(session.length).toBe(0);
    session.cancel(); // nothing runs: no effect on what follows
    expect(await session.read(whole.slice(0, 200), null, silent)).toMatchObject({
      cancelled: false,
      readTokens: 200,
    });
    session.close();
  });

  test('the event loop stays free while the engine works', async () => {
    const session = engine.openSession();
    const tokens = await engine.tokenize([{ text: novel.slice(0, 16000), special: false }]);
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 10);
    const { seconds } = await session.read(tokens, null, silent);
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(Math.min(5, seconds * 10));
    session.close();
  });

  test('a listener that throws ends the call with its error', async () => {
    const session = engine.openSession();
    const tokens = await engine.tokenize([{ text: novel.slice(0, 3000), special: false }]);
    await session.read(tokens, null, silent);
    const failing = session.generate({ maxTokens: 500 }, () => {
      throw new Error('the window is gone');
    });
    await expect(failing).rejects.toThrow('the window is gone');
    expect((await session.generate({ maxTokens: 2 }, silent)).tokens).toBeLessThanOrEqual(2);
    session.close();
  });

  test('too long a text is refused with numbers', async () => {
    const session = engine.openSession();
    await expect(session.read(new Int32Array(16385), null, silent)).rejects.toMatchObject({
      code: 'context_full',
      message: expect.stringContaining('16385') as string,
    });
    await expect(session.read(Int32Array.of(8192), null, silent)).rejects.toMatchObject({
      code: 'bad_request',
    });
    const wrong = session.read as (tokens: unknown, s: null, f: unknown) => Promise<unknown>;
    await expect(wrong.call(session, [1, 2], null, silent)).rejects.toThrow(
      'The tokens must be an Int32Array.',
    );
    session.close();
  });
});

describe('endings', () => {
  test('close waits for the running call, then refuses new ones', async () => {
    const engine = await addon.load({ path: model, contextTokens: 8192 });
    const session = engine.openSession();
    const tokens = await engine.tokenize([{ text: novel.slice(0, 8000), special: false }]);
    const order: string[] = [];
    const reading = session.read(tokens, null, silent).then((r) => {
      order.push('read');
      return r;
    });
    const closing = engine.close().then(() => order.push('closed'));
    expect((await reading).cancelled).toBe(false);
    await closing;
    expect(order).toEqual(['read', 'closed']);
    await engine.close();
    expect(() => engine.openSession()).toThrow('closed');
    await expect(session.read(tokens, null, silent)).rejects.toMatchObject({ code: 'bad_request' });
    expect(engine.info.layers).toBe(8);
    session.close();
  });

  test('closing a session in mid-read cancels it', async () => {
    const engine = await addon.load({ path: model, contextTokens: 16384 });
    const session = engine.openSession();
    const tokens = await engine.tokenize([{ text: novel.slice(0, 50000), special: false }]);
    const reading = session.read(tokens, null, silent);
    session.close();
    expect((await reading).cancelled).toBe(true);
    await engine.close();
  });

  // The environment goes away while a call runs: no crash, no hang.
  const script = `
    const addon = require(${JSON.stringify(binary)});
    const run = async () => {
      const engine = await addon.load({ path: ${JSON.stringify(model)}, contextTokens: 16384 });
      const session = engine.openSession();
      const tokens = await engine.tokenize([{ text: 'It was a dark night. '.repeat(2500), special: false }]);
      await session.read(tokens.slice(0, 100), null, () => {});
      const generating = process.argv.includes('generate');
      if (generating) session.generate({ maxTokens: 5000, sampling: { temperature: 1 } }, () => {});
      else session.read(tokens, null, () => {});
      setTimeout(ENDING, 150);
    };
    run();
  `;
  const endings = {
    'process.exit': script.replace('ENDING', '() => process.exit(7)'),
    'an uncaught error': script.replace('ENDING', '() => { throw new Error("over"); }'),
    'a worker that is terminated': `
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(
        script.replace('ENDING', "() => require('node:worker_threads').parentPort.postMessage(0)"),
      )}, { eval: true, argv: process.argv.slice(1) });
      worker.on('message', async () => { await worker.terminate(); process.exit(7); });
    `,
  };
  test('workers that are terminated at any moment of an answer', async () => {
    // Most moments are harmless; in one of eight JavaScript stops while it hears of words.
    const worker = script
      .replace('150', 'require("node:worker_threads").workerData')
      .replace('ENDING', "() => require('node:worker_threads').parentPort.postMessage(0)");
    const child = spawn(
      process.execPath,
      [
        '-e',
        `const { once } = require('node:events');
        const { Worker } = require('node:worker_threads');
        (async () => {
          for (let after = 0; after < 32; after++) {
            const options = { eval: true, argv: ['generate'], workerData: after };
            const worker = new Worker(${JSON.stringify(worker)}, options);
            await once(worker, 'message');
            await worker.terminate();
          }
          process.exit(7);
        })();`,
      ],
      { stdio: 'ignore' },
    );
    const ended = await new Promise((resolve) => {
      child.on('exit', (exit, signal) => resolve([exit, signal]));
    });
    expect(ended).toEqual([7, null]);
  });

  const code = { 'process.exit': 7, 'an uncaught error': 1, 'a worker that is terminated': 7 };
  for (const what of ['read', 'generate'] as const)
    for (const name of Object.keys(endings) as (keyof typeof endings)[])
      test(`${name} in mid-${what}`, async () => {
        const child = spawn(process.execPath, ['-e', endings[name], '--', what], {
          stdio: 'ignore',
        });
        const [exit, signal] = await new Promise<[number | null, string | null]>((resolve) => {
          child.on('exit', (c, s) => resolve([c, s]));
        });
        expect([exit, signal]).toEqual([code[name], null]);
      });
});
