// Calibration's pass through the binary and through the engine process, with the bundled model.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EngineHost } from '../../../main/services/engine-host.js';
import type { Addon, ReadingProgress } from '../../../native/addon/index.js';
import { paperProfile } from '../../../main/services/sparsity-profiles.js';
import { bundledModel, realEngine } from './real-engine.js';

const root = new URL('../../../', import.meta.url);
const binary = fileURLToPath(new URL('native/build/Release/longleaf.node', root));
const addon = createRequire(import.meta.url)(binary) as Addon;
const text = readFileSync(new URL('test/fixtures/novel.txt', root), 'utf8').slice(0, 8000);

test('the binary measures how far each layer moves a text, and says which are quiet', async () => {
  const engine = await addon.load({ path: bundledModel, contextTokens: 4096, device: 'cpu' });
  const session = engine.openSession();
  const tokens = await engine.tokenize([{ text, special: false }]);
  let last: ReadingProgress | undefined;
  const result = await session.drift(tokens, (step) => (last = step));
  expect(result).toMatchObject({ cancelled: false });
  expect(result.layers).toHaveLength(8);
  expect(result.layers.every((each) => each > 0 && Number.isFinite(each))).toBe(true);
  expect(last?.tokensDone).toBe(tokens.length);
  expect(session.length).toBe(tokens.length);
  const quiet = addon.quietLayers(result.layers, 0.5);
  expect(quiet).toHaveLength(4);
  const most = Math.max(...quiet.map((layer) => result.layers[layer] ?? 0));
  const others = result.layers.filter((_, layer) => !quiet.includes(layer));
  expect(Math.min(...others)).toBeGreaterThan(most);
  expect(() => addon.quietLayers([1, 2], 2)).toThrow('delta');
  await engine.close();
});

test('the engine process measures the beginning of a text, and stops when asked to', async () => {
  const host = new EngineHost(await realEngine(), () => undefined);
  try {
    const options = { path: bundledModel, threads: 0, kvType: 'f16', contextTokens: 4096 } as const;
    await host.load({ ...options, device: 'cpu' }, () => undefined);
    const request = { text, mostTokens: 600, delta: 0.25 };
    const signal = new AbortController().signal;
    const drifted = await host.drift(request, signal, {});
    expect(drifted).toMatchObject({ cancelled: false, tokens: 600 });
    expect(drifted.drift).toHaveLength(8);
    expect(drifted.layers).toHaveLength(2);
    const stopped = await host.drift(request, AbortSignal.abort(), {});
    expect(stopped).toMatchObject({ cancelled: true, drift: [], layers: [] });
  } finally {
    host.close();
  }
});

test('heads are seen to look at the place that an answer comes from', async () => {
  const host = new EngineHost(await realEngine(), () => undefined);
  try {
    const options = { path: bundledModel, threads: 0, kvType: 'f16', contextTokens: 4096 } as const;
    await host.load({ ...options, device: 'cpu' }, () => undefined);
    const fact = 'The access code of the gilded ferry is 48213.';
    const start = text.indexOf('. ', 2000) + 2;
    const planted = `${text.slice(0, start)}${fact} ${text.slice(start, 4000)}`;
    const request: Parameters<EngineHost['ask']>[0] = {
      prompt: {
        style: 'document',
        documents: [{ id: 'd', title: 'Novel', text: planted }],
        turns: [],
        question: 'What is the access code of the gilded ferry?',
      },
      level: 0,
      profile: paperProfile(8),
      sampling: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, seed: 0 },
      maxTokens: 24,
      watch: Array.from({ length: 64 }, (_, at): [number, number] => [at >> 3, at % 8]),
    };
    const paidTo = async (from: number, to: number) => {
      const watchPlace = { index: 0, start: from, end: to };
      const signal = new AbortController().signal;
      const { paid } = await host.ask({ ...request, watchPlace }, signal, {});
      expect(paid).toHaveLength(64);
      return Math.max(...(paid ?? []));
    };
    expect(await paidTo(start, start + fact.length)).toBeGreaterThan(0.5);
    expect(await paidTo(500, 500 + fact.length)).toBeLessThan(0.3);
  } finally {
    host.close();
  }
});
