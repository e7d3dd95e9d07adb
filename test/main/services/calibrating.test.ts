// What a calibration makes of its measurements, and where profiles are kept and found.
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MeasuredLevel, TriedLayers } from '../../../main/contract/index.js';
import { levelsByBlocks } from '../../../main/services/block-levels.js';
import {
  betterLayers,
  highestWithoutLoss,
  profileOf,
  waysToTry,
} from '../../../main/services/calibrating.js';
import { plant, plantedFacts } from '../../../main/services/planted-facts.js';
import {
  findProfile,
  forgetCalibrated,
  keepCalibrated,
  paperProfile,
} from '../../../main/services/sparsity-profiles.js';

const levels = (...found: number[]): MeasuredLevel[] =>
  found.map((each, i) => ({
    level: i * 25,
    tau: i / 100,
    readSeconds: 1,
    keptFraction: 1,
    keptByLayer: [1],
    found: each,
    asked: 200,
  }));

test.each([
  [levels(200, 200, 199, 198, 200), 50], // 1 % is a loss
  [levels(180, 181, 179, 179), 75], // more than at level 0 is none; half a per cent is none yet
  [levels(100, 90, 100), 0], // a level counts only when those below it do
  [levels(0, 5), 0], // nothing found exactly: nothing is known
])('the default is the highest level without a loss of 1 %%', (measured, expected) => {
  expect(highestWithoutLoss(measured)).toBe(expected);
});

const [few, many, light] = levels(10, 20, 20);
const tried: TriedLayers[] = [
  { by: 'drift', layers: [1], measured: few! },
  { by: 'profile', layers: [2], measured: many! },
];
test('layers are chosen by what came back, and among equals by what they drop', () => {
  expect(betterLayers(tried).layers).toEqual([2]);
  const drops = { by: 'drift', layers: [3], measured: { ...light!, keptFraction: 0.5 } } as const;
  expect(betterLayers([...tried, { ...drops, layers: [3] }]).layers).toEqual([3]);
});

test('what is tried: layers by drift and those so far, and blocks; one way where no level selects tokens', () => {
  const paper = { ...paperProfile(4), layers: [2, 3] };
  const tryWith = (byDrift: number[], profile = paper) =>
    waysToTry(byDrift, profile, 4).map(({ by, layers }) => [by, layers]);
  expect(tryWith([1, 2])).toEqual([
    ['drift', [1, 2]],
    ['profile', [2, 3]],
    ['blocks', [2, 3]],
  ]);
  expect(tryWith([2, 3]).map(([by]) => by)).toEqual(['drift', 'blocks']);
  const byBlocks = waysToTry([1, 2], paper, 4).at(-1)!;
  expect(tryWith([1, 2], byBlocks)).toEqual([['profile', [2, 3]]]);
});

test('levels by blocks leave out more and more in all layers but the last', () => {
  const { layers, levels } = levelsByBlocks(paperProfile(4), 4);
  expect(layers).toEqual([0, 1, 2]);
  expect(levels.map(({ level }) => level)).toEqual([0, 25, 50, 75, 100]);
  expect(levels.map(({ blocks }) => blocks?.gamma ?? blocks?.pattern)).toEqual([
    undefined,
    0.95,
    0.875,
    0.8,
    'stripes',
  ]);
  expect(
    levels.every(({ tau, blocks }) => tau === 0 && (!blocks || blocks.layers === layers)),
  ).toBe(true);
  expect(levelsByBlocks(paperProfile(1), 1).layers).toEqual([]);
});

test('facts are distinct, and come to lie as sentences along the text', () => {
  const facts = plantedFacts(320);
  expect(plantedFacts(1000)).toHaveLength(320);
  for (const key of ['sentence', 'question', 'value'] as const) {
    expect(new Set(facts.map((fact) => fact[key])).size).toBe(320);
  }
  const text = 'It rained all day. '.repeat(200);
  const planted = plant(text, facts.slice(0, 4));
  const places = facts.slice(0, 4).map(({ sentence }) => planted.indexOf(sentence));
  places.forEach((at, i) => {
    expect(at / planted.length).toBeCloseTo((i + 0.5) / 4, 1);
    expect(planted.slice(at - 2, at)).toBe('. ');
  });
  expect(plant('No end', facts.slice(0, 1))).toBe(`No end ${facts[0]?.sentence}`);
});

test('a calibrated profile is found again by the model it belongs to, before any other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'longleaf-calibrations-'));
  const models = mkdtempSync(join(tmpdir(), 'longleaf-models-'));
  const shipped = { ...paperProfile(4), provenance: 'shipped' };
  writeFileSync(join(models, 'm.sparsity.json'), JSON.stringify(shipped));
  const find = (fingerprint?: string) =>
    findProfile(join(models, 'm.gguf'), models, folder, { fingerprint, layers: 4 });
  expect(await find('abc')).toMatchObject({
    source: 'shipped',
    profile: { provenance: 'shipped' },
  });
  const measured = levels(20, 20, 10);
  const about = { date: '2026-01-02T03:04:05Z', device: 'CPU', text: 'A book', tokens: 900 };
  const calibrated = profileOf(paperProfile(4), {
    ...about,
    ...{ drift: [1, 2, 3, 4], delta: 0.5, levels: measured, tried: tried.slice(0, 1) },
  });
  const file = await keepCalibrated(folder, 'abc/../x', calibrated);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(file.startsWith(folder)).toBe(true);
  expect(await find('abc/../x')).toEqual({ source: 'calibrated', profile: calibrated });
  expect(calibrated).toMatchObject({ defaultLevel: 25 });
  expect(calibrated.provenance).toContain('2026-01-02 on CPU, 900 tokens of “A book”');
  expect(await find('def')).toMatchObject({ profile: { provenance: 'shipped' } });
  await forgetCalibrated(folder, 'abc/../x');
  expect(await find('abc/../x')).toMatchObject({ source: 'shipped' });
  writeFileSync(file, '{"cut');
  expect(await find('abc/../x')).toMatchObject({ profile: { provenance: 'shipped' } });
});
