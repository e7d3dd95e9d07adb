// What is compared: levels of a model's sparsity profile, and variations of one level that change one thing.
import { readFileSync } from 'node:fs';
import { sparsityAt } from '../../main/engine/sparsity.ts';

export function readProfile(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** [{ name, level, sparsity }]; the first is always level 0, which all are compared with. */
export function levelsOf(profile, layers, levels) {
  const wanted = [...new Set([0, ...levels])].sort((a, b) => a - b);
  return wanted.map((level) => ({
    name: level === 0 ? 'exact' : `level ${level}`,
    level,
    sparsity: sparsityAt(level, profile, layers),
  }));
}

/** One thing changed at a time. `keep` stays the budget of its level where it can. */
const changes = {
  'a selection per head': {},
  'a selection per kv head': { perGroup: true },
  'K and V dropped, every query kept': { keysOnly: true },
  'window 32': { window: 32 },
  'window 64': { window: 64 },
  'window 256': { window: 256 },
  'no pool': { pool: 1 },
  'pool 3': { pool: 3 },
  'pool 15': { pool: 15 },
  'first 4 tokens always kept': { sinks: 4 },
};

/** Level 0, then the level with each change. */
export function ablationsOf(profile, layers, level) {
  const base = sparsityAt(level, profile, layers);
  if (!base)
    throw new Error(`Level ${level} of this profile is exact: there is nothing to change.`);
  const varied = Object.entries(changes).map(([name, change]) => ({
    name,
    level,
    sparsity: { ...base, ...change },
  }));
  return [{ name: 'exact', level: 0, sparsity: null }, ...varied];
}
