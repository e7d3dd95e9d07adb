// A reading that leaves out blocks of pairs, through the engine process with the bundled model and its profile.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sparsityProfile } from '../../../main/contract/index.js';
import { EngineHost } from '../../../main/services/engine-host.js';
import { bundledModel, realEngine } from './real-engine.js';

const root = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('test/fixtures/novel.txt', root), 'utf8').slice(0, 16_000);
const profile = sparsityProfile.parse(
  JSON.parse(readFileSync(bundledModel.replace(/\.gguf$/, '.sparsity.json'), 'utf8')),
);
let host: EngineHost;

beforeAll(async () => {
  host = new EngineHost(await realEngine(), () => undefined);
  const options = { path: bundledModel, threads: 0, kvType: 'f16', contextTokens: 8192 } as const;
  await host.load({ ...options, device: 'cpu' }, () => undefined);
});
afterAll(() => host.close());

async function read(level: number) {
  const prompt = {
    style: 'document' as const,
    documents: [{ id: 'd', title: 'Novel', text }],
    turns: [],
  };
  return (await host.read({ prompt, level, profile }, new AbortController().signal, {})).stats;
}

test('what it left out counts as tokens not kept, and it tells where each layer looked', async () => {
  const { keptFraction, keptPlaces } = await read(100);
  expect(keptFraction).toHaveLength(8);
  // Some 35 blocks of 128 tokens: the first, the nearest five, and all for the last two rows.
  for (const share of keptFraction.slice(0, 7)) {
    expect(share ** 2).toBeGreaterThan(0.25);
    expect(share ** 2).toBeLessThan(0.5);
  }
  expect(keptFraction[7]).toBe(1);
  expect(keptPlaces?.layers.map(({ layer }) => layer)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const { shares } = keptPlaces!.layers[3]!;
  expect(shares[0]).toBe(1);
  expect(shares[40]).toBeLessThan(0.5);
  expect(shares.at(-1)).toBe(1);
});

test('exact reading leaves nothing out', async () => {
  const { keptFraction, keptPlaces } = await read(0);
  expect(keptFraction).toEqual(new Array(8).fill(1));
  expect(keptPlaces).toBeUndefined();
});
