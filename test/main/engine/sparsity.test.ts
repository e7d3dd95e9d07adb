import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { catalog, sparsityProfile } from '../../../main/contract/index.js';
import { sparsityAt } from '../../../main/engine/sparsity.js';
import { paperProfile } from '../../../main/services/sparsity-profiles.js';

const models = new URL('../../../models/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, models), 'utf8'));
const mini = sparsityProfile.parse(read('longleaf-mini.sparsity.json'));

test('the paper: dense at 0, the table at its entries, never falling between them', () => {
  const profile = paperProfile(32);
  expect(sparsityAt(0, profile, 32)).toBeNull();
  for (const { level, tau } of profile.levels.slice(1)) {
    expect(sparsityAt(level, profile, 32)?.tau).toBeCloseTo(tau, 12);
  }
  let before = 0;
  for (let level = 1; level <= 100; level++) {
    const tau = sparsityAt(level, profile, 32)?.tau ?? 0;
    expect(tau).toBeGreaterThan(before);
    before = tau;
  }
});

test('longleaf-mini: dense at 0, the table at its entries, less covered at every level up to the last', () => {
  expect(sparsityAt(0, mini, 8)).toBeNull();
  for (const { level, blocks } of mini.levels.slice(1)) {
    expect(sparsityAt(level, mini, 8)).toMatchObject({ tau: 0, layers: [], blocks });
  }
  const flexible = mini.levels.findLast(({ blocks }) => blocks?.pattern === 'flex')!.level;
  let before = 1;
  for (let level = 1; level < 100; level++) {
    const { pattern, gamma = 1 } = sparsityAt(level, mini, 8)!.blocks!;
    expect(pattern).toBe('flex');
    if (level <= flexible) expect(gamma).toBeLessThan(before);
    else expect(gamma).toBe(before);
    before = gamma;
  }
  expect(sparsityAt(100, mini, 8)?.blocks?.pattern).toBe('stripes');
});

test('between two entries, in proportion', () => {
  const profile = {
    ...mini,
    levels: [
      { level: 0, tau: 0 },
      { level: 50, tau: 0.02 },
      { level: 75, tau: 0.05 },
    ],
  };
  expect(sparsityAt(63, profile, 8)?.tau).toBeCloseTo(0.02 + ((63 - 50) / 25) * 0.03, 12);
});

test('blocks cover less from exact on; what two levels share is mixed', () => {
  const flex = { pattern: 'flex' as const, layers: [0, 1, 9], minTokens: 512 };
  const profile = {
    ...mini,
    layers: [6],
    levels: [
      { level: 0, tau: 0 },
      { level: 20, tau: 0, blocks: { ...flex, gamma: 0.98 } },
      { level: 60, tau: 0.02, layers: [5], blocks: { ...flex, gamma: 0.9 } },
      { level: 100, tau: 0, keep: 0.1, perGroup: true, sinks: 4, blocks: { ...flex, gamma: 0.8 } },
    ],
  };
  const { window, minTokens, pool } = mini;
  const shared = { window, minTokens, pool };
  const blocks = { pattern: 'flex', layers: [0, 1], minTokens: 512 };
  expect(sparsityAt(10, profile, 8)).toEqual({
    ...shared,
    ...{ tau: 0, layers: [], blocks: { ...blocks, gamma: expect.closeTo(0.99, 9) as number } },
  });
  expect(sparsityAt(20, profile, 8)).toEqual({
    ...shared,
    ...{ tau: 0, layers: [], blocks: { ...blocks, gamma: 0.98 } },
  });
  expect(sparsityAt(40, profile, 8)).toEqual({
    ...shared,
    ...{ tau: 0.01, layers: [6], blocks: { ...blocks, gamma: expect.closeTo(0.94, 9) as number } },
  });
  expect(sparsityAt(60, profile, 8)?.layers).toEqual([5]);
  expect(sparsityAt(80, profile, 8)).toMatchObject({ tau: 0.02, layers: [5] }); // never less than below
  expect(sparsityAt(100, profile, 8)).toEqual({
    ...shared,
    ...{ tau: 0, layers: [6], keep: 0.1, perGroup: true, sinks: 4 },
    blocks: { ...blocks, gamma: 0.8 },
  });
});

test('blocks that cover no share of attention come at their own level', () => {
  const fixed = { pattern: 'stripes' as const, layers: [0, 1], sinks: 8, local: 512 };
  const unsaid = { pattern: 'flex' as const, layers: [0, 1] };
  for (const blocks of [fixed, unsaid]) {
    const levels = [
      { level: 0, tau: 0 },
      { level: 50, tau: 0, blocks },
      { level: 100, tau: 0.1, blocks: fixed },
    ];
    expect(sparsityAt(49, { ...mini, levels }, 8)).toBeNull();
    expect(sparsityAt(50, { ...mini, levels }, 8)?.blocks).toEqual(blocks);
    expect(sparsityAt(99, { ...mini, levels }, 8)?.blocks).toEqual(blocks);
    expect(sparsityAt(100, { ...mini, levels }, 8)?.blocks).toEqual(fixed);
  }
});

test('a share kept falls from all of it', () => {
  const levels = [
    { level: 0, tau: 0 },
    { level: 100, tau: 0, keep: 0.2 },
  ];
  expect(sparsityAt(50, { ...mini, levels }, 8)?.keep).toBeCloseTo(0.6, 12);
  expect(sparsityAt(100, { ...mini, levels }, 8)?.keep).toBe(0.2);
});

test('layers the model does not have are left out; none left means dense', () => {
  const profile = { ...paperProfile(32), layers: [2, 3, 6] };
  expect(sparsityAt(25, profile, 4)?.layers).toEqual([2, 3]);
  expect(sparsityAt(25, profile, 2)).toBeNull();
  expect(sparsityAt(25, mini, 4)?.blocks?.layers).toEqual([0, 1, 2, 3]);
  expect(sparsityAt(25, mini, 0)).toBeNull();
});

test('the paper: second half of the layers but the last', () => {
  expect(paperProfile(32).layers).toEqual(Array.from({ length: 15 }, (_, index) => 16 + index));
  expect(paperProfile(1).layers).toEqual([]);
});

test('the catalog is one', () => {
  expect(catalog.parse(read('catalog.json')).models[0]?.file).toBe('longleaf-mini.gguf');
});
