// What the list says about files: another in a model's place, and what a model takes of the machine.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModelInfo } from '../../../main/contract/index.js';
import type { EngineHost } from '../../../main/services/engine-host.js';
import { ModelStore } from '../../../main/services/library/models.js';
import { openLibrary, type Db } from '../../../main/services/library/open.js';
import { memoryOf } from '../../../main/services/model-memory.js';
import { Models } from '../../../main/services/models.js';
import { newFolder, removeFolder } from './app-fixture.js';

const info: ModelInfo = {
  architecture: 'qwen3',
  name: '',
  licence: 'apache-2.0',
  quantisation: 'Q4_K',
  chatTemplate: '',
  bosToken: '',
  eosToken: '',
  addBos: false,
  fingerprint: '',
  fileBytes: 2_500_000_000,
  parameters: 4_000_000_000,
  contextLength: 32_768,
  layers: 36,
  embeddingLength: 2560,
  ffnLength: 9728,
  heads: 32,
  kvHeads: 8,
  headDim: 128,
  vocabSize: 151_936,
};

let folder: string;
let db: Db;
let models: Models;

beforeEach(async () => {
  folder = realpathSync(newFolder());
  db = openLibrary(folder).db;
  const inspect = (path: string) =>
    Promise.resolve({ ...info, fingerprint: readFileSync(path, 'utf8') });
  models = await Models.open(new ModelStore(db), { inspect } as EngineHost, folder, folder, '1');
});
afterEach(() => {
  db.close();
  removeFolder(folder);
});

test('another file in the place of the one that was added is told from it, until it is added', async () => {
  const path = join(folder, 'model.gguf');
  writeFileSync(path, 'one');
  expect((await models.add(path)).replaced).toBeUndefined();
  expect((await models.list())[0]?.replaced).toBeUndefined();
  writeFileSync(path, 'another one');
  expect((await models.list())[0]?.replaced).toBe(true);
  expect((await models.add(path)).replaced).toBeUndefined();
  expect((await models.list())[0]?.replaced).toBeUndefined();
});

test('cards say what a model takes under the settings', async () => {
  writeFileSync(join(folder, 'model.gguf'), 'one');
  await models.add(join(folder, 'model.gguf'));
  const [card] = await models.list({ contextTokens: 8192, kvType: 'f16' });
  expect(card?.memory).toMatchObject({ contextTokens: 8192 });
  expect((await models.list())[0]?.memory).toBeUndefined();
});

test('memory grows with the context and fits or does not', () => {
  const of = (contextTokens: number, kvType: 'f16' | 'q8_0', machine: number) =>
    memoryOf(info, { contextTokens, kvType }, machine);
  // 2 * 36 layers * 8 heads * 128 values * 2 bytes = 147,456 bytes a token.
  const [small, large] = [of(8192, 'f16', 16e9), of(32_768, 'f16', 16e9)];
  expect(large.totalBytes - small.totalBytes).toBeGreaterThan(24_576 * 147_456);
  expect(of(32_768, 'q8_0', 16e9).totalBytes).toBeLessThan(large.totalBytes);
  expect(large.fits).toBe(true);
  expect(of(32_768, 'f16', 7e9).fits).toBe(false);
  expect(of(0, 'f16', 16e9).contextTokens).toBe(16_384);
  expect(of(1_000_000, 'f16', 16e9).contextTokens).toBe(32_768);
});
