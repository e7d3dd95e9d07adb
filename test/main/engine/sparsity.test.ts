import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { catalog, sparsityProfile } from '../../../main/contract/index.js';
import { sparsityAt } from '../../../main/engine/sparsity.js';
import { paperProfile } from '../../../main/services/sparsity-profiles.js';

const models = new URL('../../../models/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, models), 'utf8'));
const mini = sparsityProfile.parse(read('longleaf-mini.sparsity.json'));

test.each([
  ['longleaf-mini', mini],
  ['the paper', paperProfile(32)],
])('%s: dense at 0, the table at its entries, never falling between them', (_name, profile) => {
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

test('layers the model does not have are left out; none left means dense', () => {
  const profile = { ...mini, layers: [2, 3, 6] };
  expect(sparsityAt(25, profile, 4)?.layers).toEqual([2, 3]);
  expect(sparsityAt(25, profile, 2)).toBeNull();
});

test('the paper: second half of the layers but the last', () => {
  expect(paperProfile(32).layers).toEqual(Array.from({ length: 15 }, (_, index) => 16 + index));
  expect(paperProfile(1).layers).toEqual([]);
});

test('the catalog is one', () => {
  expect(catalog.parse(read('catalog.json')).models[0]?.file).toBe('longleaf-mini.gguf');
});
