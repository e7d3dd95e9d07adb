// What the slider promises, from what was measured and from what was read before.
import { expect, test } from 'vitest';
import type { Calibration, MeasuredLevel } from '../../../main/contract/index.js';
import { forecastLevels, type ForecastBasis } from '../../../main/services/forecast.js';
import { paperProfile } from '../../../main/services/sparsity-profiles.js';

const shape = {
  layers: 4,
  heads: 8,
  headDim: 64,
  parameters: 30e6,
  vocabSize: 8192,
  embeddingLength: 512,
};
const profile = { ...paperProfile(4), layers: [2, 3], minTokens: 256 };
const bare: ForecastBasis = { profile, shape, earlier: [], sameDevice: true };
const read = (level: number, tokens: number, seconds: number, kept = 1) => ({
  level,
  tokens,
  seconds,
  keptFraction: [1, 1, kept, kept],
});
const measured = (
  level: number,
  readSeconds: number,
  kept: number,
  found: number,
): MeasuredLevel => ({
  ...{ level, tau: level / 1000, readSeconds, found, asked: 20 },
  keptFraction: (1 + kept) / 2,
  keptByLayer: [1, 1, kept, kept],
});
const calibration: Calibration = {
  ...{ date: '2026-01-02T03:04:05Z', device: 'CPU', text: 'A book', tokens: 8000 },
  ...{ drift: [1, 1, 1, 1], delta: 0.5, tried: [] },
  levels: [measured(0, 8, 1, 20), measured(50, 4, 0.4, 19), measured(100, 2, 0.1, 10)],
};
const calibrated = { ...bare, profile: { ...profile, calibration } };

test('nothing is claimed that was not measured', () => {
  const levels = forecastLevels(bare, 8000);
  expect(levels).toHaveLength(101);
  expect(levels[0]).toMatchObject({
    layers: [],
    kept: 1,
    seconds: null,
    facts: null,
    whole: false,
  });
  expect(levels[50]).toMatchObject({ layers: [2, 3], kept: null, seconds: null, facts: null });
});

test('a reading says what the next one takes: the same length as long, twice the length over twice', () => {
  const earlier = [read(0, 8000, 8), read(50, 8000, 5, 0.3)];
  const at = (tokens: number) => forecastLevels({ ...bare, earlier }, tokens);
  expect(at(8000)[0]?.seconds).toBeCloseTo(8);
  expect(at(8000)[50]).toMatchObject({ seconds: 5, kept: 0.3 });
  expect(at(16_000)[0]?.seconds).toBeGreaterThan(16);
  expect(at(16_000)[0]?.seconds).toBeLessThan(32);
  expect(at(8000)[51]).toMatchObject({ seconds: null, kept: null });
});

test('a calibration fills in the levels between, and the speed of a level scales what was read at another', () => {
  const alone = forecastLevels(calibrated, 8000);
  expect(alone[50]?.seconds).toBeCloseTo(4);
  expect(alone[75]?.seconds).toBeCloseTo(3);
  expect(alone[75]?.kept).toBeCloseTo(0.25);
  expect(alone[100]?.facts).toEqual({ level: 100, found: 10, asked: 20, exact: 20 });
  expect(alone[51]?.facts).toMatchObject({ level: 100 }); // what lies above leaves out no less
  const slower = forecastLevels({ ...calibrated, earlier: [read(0, 8000, 16)] }, 8000);
  expect(slower[50]?.seconds).toBeCloseTo(8); // this machine is busy: twice as long at every level
  const elsewhere = forecastLevels({ ...calibrated, sameDevice: false }, 8000);
  expect(elsewhere[50]).toMatchObject({ seconds: null, kept: 0.4, facts: { found: 19 } });
});

test('a short text is read whole at every level', () => {
  const earlier = [read(0, 8000, 8)];
  const short = forecastLevels({ ...bare, earlier }, 300);
  expect(short[100]).toMatchObject({ whole: true, kept: 1, layers: [2, 3] });
  expect(short[100]?.seconds).toBe(short[0]?.seconds);
  expect(forecastLevels(bare, null)[100]).toMatchObject({ whole: false, seconds: null });
});

test('layers, and blocks beside them, are those of the level itself', () => {
  const levels = [
    { level: 0, tau: 0 },
    { level: 50, tau: 0.01, layers: [1, 9] },
    { level: 100, tau: 0, blocks: { pattern: 'flex' as const, layers: [0, 1, 2] } },
  ];
  const told = forecastLevels({ ...bare, profile: { ...profile, levels } }, 8000);
  expect(told[50]).toMatchObject({ layers: [1], blocks: undefined });
  expect(told[100]).toMatchObject({ layers: [], blocks: { pattern: 'flex', layers: [0, 1, 2] } });
});
