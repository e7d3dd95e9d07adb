// What the slider promises, from what was measured and from what was read before.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  sparsityProfile,
  type Calibration,
  type MeasuredLevel,
} from '../../../main/contract/index.js';
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
    computed: 1,
    seconds: null,
    facts: null,
    whole: false,
  });
  const unknown = { kept: null, computed: null, seconds: null, facts: null };
  expect(levels[50]).toMatchObject({ layers: [2, 3], ...unknown });
});

test('a reading says what the next one takes: the same length as long, twice the length over twice', () => {
  const earlier = [read(0, 8000, 8), read(50, 8000, 5, 0.3)];
  const at = (tokens: number) => forecastLevels({ ...bare, earlier }, tokens);
  expect(at(8000)[0]?.seconds).toBeCloseTo(8);
  expect(at(8000)[50]).toMatchObject({
    seconds: 5,
    kept: 0.3,
    computed: expect.closeTo(0.09, 9) as number, // tokens that are kept attend to each other
  });
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
  expect(short[100]).toMatchObject({ whole: true, kept: 1, computed: 1, layers: [2, 3] });
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
  const unmeasured = { kept: 1, computed: null, seconds: null, facts: null };
  expect(told[100]).toMatchObject(unmeasured);
});

const flex = { pattern: 'flex' as const, layers: [0, 1, 2], gamma: 0.8, minTokens: 512 };
const evaluated = (level: number, right: number, share: number) => ({
  ...{ level, asked: 300, right },
  computedByLayer: [share, share, share, 1],
});
const shipped: ForecastBasis = {
  ...bare,
  profile: {
    ...profile,
    levels: [
      { level: 0, tau: 0 },
      { level: 40, tau: 0, blocks: { ...flex, gamma: 0.9 } },
      { level: 80, tau: 0, blocks: flex },
      { level: 100, tau: 0, blocks: { ...flex, pattern: 'stripes' } },
    ],
    evaluation: {
      ...{ date: '2026-11-28', device: 'A GPU' },
      lengths: [
        {
          tokens: 4000,
          levels: [evaluated(0, 298, 1), evaluated(40, 297, 0.6), evaluated(80, 296, 0.4)],
        },
        {
          tokens: 64_000,
          levels: [
            ...[evaluated(0, 261, 1), evaluated(40, 260, 0.3), evaluated(80, 264, 0.1)],
            evaluated(100, 251, 0.02),
          ],
        },
      ],
    },
  },
};

test('before a calibration, facts are those counted before shipping, at the length most like the text', () => {
  const facts = (level: number, tokens: number | null) =>
    forecastLevels(shipped, tokens)[level]?.facts;
  const long = { tokens: 64_000 };
  expect(facts(80, 50_000)).toEqual(
    { level: 80, found: 264, asked: 300, exact: 261, shipped: long }, // more than exact, as it was
  );
  expect(facts(41, 50_000)).toMatchObject({ level: 80, found: 264 });
  expect(facts(0, 50_000)).toMatchObject({ level: 0, found: 261, exact: 261 });
  expect(facts(40, null)).toMatchObject({ found: 260, shipped: long }); // no text: the longest
  expect(facts(40, 15_900)).toMatchObject({ found: 297, shipped: { tokens: 4000 } }); // 4 times either way
  expect(facts(40, 16_100)).toMatchObject({ found: 260, shipped: long });
  expect(facts(100, 4000)).toBeNull(); // nothing was measured so high
  const own = { ...shipped, profile: { ...shipped.profile, calibration } };
  expect(forecastLevels(own, 50_000)[100]?.facts).toEqual(
    { level: 100, found: 10, asked: 20, exact: 20 }, // of this machine
  );
});

test('blocks compute the share that was counted, in proportion between levels that mix', () => {
  const computed = (level: number, tokens: number | null) =>
    forecastLevels(shipped, tokens)[level]?.computed;
  expect(computed(0, 64_000)).toBe(1);
  expect(computed(40, 64_000)).toBeCloseTo(0.3, 9);
  expect(computed(60, 64_000)).toBeCloseTo(0.2, 9);
  expect(computed(20, 4000)).toBeCloseTo(0.8, 9);
  expect(computed(80, null)).toBeCloseTo(0.1, 9);
  expect(computed(99, 64_000)).toBeCloseTo(0.1, 9); // does what level 80 does
  expect(computed(100, 64_000)).toBeCloseTo(0.02, 9);
  expect(forecastLevels(shipped, 64_000)[80]).toMatchObject({ kept: 1, whole: false });
});

test('blocks and tokens: each layer by what it leaves out', () => {
  const tokens = { level: 100, tau: 0.05, layers: [2, 3], blocks: { ...flex, layers: [0, 1] } };
  const levels = [{ level: 0, tau: 0 }, tokens];
  const both = { ...shipped, profile: { ...shipped.profile, levels } };
  const counted = forecastLevels(both, 64_000)[100]?.computed;
  expect(counted).toBeCloseTo((3 * 0.02 + 1) / 4, 9); // as counted before shipping
  const earlier = [read(100, 64_000, 8, 0.5)];
  const told = forecastLevels({ ...both, earlier }, 64_000)[100];
  expect(told).toMatchObject({ kept: 0.5, seconds: 8 });
  expect(told?.computed).toBeCloseTo((2 * 0.02 + 2 * 0.25) / 4, 9); // as that reading kept
  const { evaluation: _, ...rest } = both.profile;
  expect(forecastLevels({ ...both, profile: rest, earlier }, 64_000)[100]).toMatchObject({
    ...{ kept: 0.5, computed: (2 + 2 * 0.25) / 4, seconds: 8 }, // all of that reading's word
  });
});

/** Operations by hand: matrices, and layers of causal attention; the last finishes the answer's row only. */
const operations = (tokens: number, layers: number) =>
  2 * (30e6 - 8192 * 512) * tokens + 2 * 8 * 64 * tokens * tokens * layers;

test('an exact reading says what blocks would take, by the share of attention they compute', () => {
  const earlier = [read(0, 64_000, 60)];
  const at = (level: number, tokens: number) =>
    forecastLevels({ ...shipped, earlier }, tokens)[level]!.seconds!;
  expect(at(0, 64_000)).toBe(60);
  const perOperation = 60 / operations(64_000, 3);
  expect(at(80, 64_000)).toBeCloseTo(perOperation * operations(64_000, 0.3), 9);
  expect(at(60, 64_000)).toBeCloseTo(perOperation * operations(64_000, 0.6), 9);
  expect(at(80, 4000)).toBeCloseTo(perOperation * operations(4000, 1.2), 9);
  const seconds = forecastLevels({ ...shipped, earlier }, 64_000).map((each) => each.seconds!);
  expect(seconds).toEqual([...seconds].sort((a, b) => b - a)); // a higher level never takes longer
});

test('a reading at this very level goes first, and grows by what blocks compute at either length', () => {
  const earlier = [read(0, 4000, 1), read(80, 64_000, 10)];
  const at = (level: number, tokens: number) =>
    forecastLevels({ ...shipped, earlier }, tokens)[level]!.seconds!;
  expect(at(80, 64_000)).toBe(10);
  expect(at(80, 4000)).toBeCloseTo((10 * operations(4000, 1.2)) / operations(64_000, 0.3), 9);
  // And says what exact reading of such a text would take.
  expect(at(0, 128_000)).toBeCloseTo(operations(128_000, 3) / operations(4000, 3), 9);
  const blocksOnly = forecastLevels({ ...shipped, earlier: [read(80, 64_000, 10)] }, 64_000);
  expect(blocksOnly[0]?.seconds).toBeCloseTo(
    (10 * operations(64_000, 3)) / operations(64_000, 0.3),
    9,
  );
});

test('blocks of which nothing was counted go by what a reading at their level computed, or promise nothing', () => {
  const { evaluation: _, ...rest } = shipped.profile;
  const told = (earlier: ForecastBasis['earlier']) =>
    forecastLevels({ ...shipped, profile: rest, earlier }, 64_000);
  expect(told([read(0, 64_000, 60)])[80]).toMatchObject({ computed: null, seconds: null });
  const atLevel = { ...read(80, 64_000, 10), keptFraction: [0.5, 0.5, 0.5, 1] };
  expect(told([atLevel])[80]).toMatchObject({ computed: 0.25, seconds: 10 });
  expect(told([atLevel])[0]?.seconds).toBeCloseTo(
    (10 * operations(64_000, 3)) / operations(64_000, 0.75),
    9,
  );
});

test('a text too short for blocks is read whole', () => {
  const earlier = [read(0, 500, 2)];
  const told = forecastLevels({ ...shipped, earlier }, 512);
  expect(told[80]).toMatchObject({ whole: true, kept: 1, computed: 1, seconds: told[0]?.seconds });
  expect(forecastLevels(shipped, 513)[80]).toMatchObject({ whole: false });
});

test('the bundled model: its evaluation stands for every level of the slider', () => {
  const file = new URL('../../../models/longleaf-mini.sparsity.json', import.meta.url);
  const mini = sparsityProfile.parse(JSON.parse(readFileSync(file, 'utf8')));
  for (const tokens of [null, 4096, 130_560]) {
    const levels = forecastLevels(
      { ...bare, profile: mini, shape: { ...shape, layers: 8 } },
      tokens,
    );
    for (const { level, computed, facts, blocks } of levels) {
      expect(facts?.asked).toBe(300);
      if (level === 0) expect(computed).toBe(1);
      else expect(computed).toBeLessThan(levels[level - 1]!.computed! + 1e-9);
      expect(blocks === undefined).toBe(level === 0);
    }
  }
  const [told] = forecastLevels(
    { ...bare, profile: mini, shape: { ...shape, layers: 8 } },
    130_560,
  ).slice(mini.defaultLevel);
  expect(told?.facts).toMatchObject({ found: 286, exact: 288, shipped: { tokens: 130_560 } });
  expect(told?.computed).toBeCloseTo(0.187, 3);
});
