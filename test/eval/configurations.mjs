// What is compared: levels of a model's sparsity profile, and variations of one level that change one thing.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { source } from './sources.mjs';

const { sparsityAt } = await source('main/engine/sparsity.ts');
export { sparsityAt };

const { besideModel } = await source('main/services/beside-model.ts');
/** Where what was measured of a model file lies unless another is named: its `sparsity` or its `evidence`. */
export const measuredBeside = (model, kind) => besideModel(model, dirname(model), kind)[0];

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

/** Level 0, then the level with each change; they are changes to how tokens are chosen. */
export function ablationsOf(profile, layers, level) {
  const base = sparsityAt(level, profile, layers);
  if (!base?.layers.length)
    throw new Error(
      `Level ${level} of this profile chooses no tokens: there is nothing to change.`,
    );
  const varied = Object.entries(changes).map(([name, change]) => ({
    name,
    level,
    sparsity: { ...base, ...change },
  }));
  return [{ name: 'exact', level: 0, sparsity: null }, ...varied];
}

const sparseBlocks = { pattern: 'flex', minTokens: 512 };

/** Ways to leave out: attention by blocks in all layers, alone and beside the token selection of a level. */
const policies = {
  'blocks, gamma .99': { gamma: 0.99 },
  'blocks, gamma .95': { gamma: 0.95 },
  'blocks, gamma .9': { gamma: 0.9 },
  'blocks, gamma .8': { gamma: 0.8 },
  'blocks by rows, gamma .95': { gamma: 0.95, similarity: 1 },
  'blocks by profiles, gamma .95': { gamma: 0.95, similarity: 0 },
  'first and nearest blocks': { pattern: 'stripes', sinks: 8, local: 512 },
};

/**
 * Level 0, the level's tokens alone, then every policy by itself and beside them. Of a level that chooses no
 * tokens, only the policies by themselves.
 */
export function policiesOf(profile, layers, level) {
  const policy = sparsityAt(level, profile, layers);
  if (!policy)
    throw new Error(`Level ${level} of this profile is exact: there is nothing to compare with.`);
  const { blocks: _, ...tokens } = policy;
  const all = Array.from({ length: layers }, (_, layer) => layer);
  const blocksOf = (change) => ({ ...sparseBlocks, layers: all, ...change });
  const alone = ([name, change]) => {
    const blocks = blocksOf(change);
    return { name, level, sparsity: { ...tokens, tau: 0, keep: 0, layers: [], blocks } };
  };
  const beside = ([name, change]) => {
    const sparsity = { ...tokens, blocks: blocksOf(change) };
    return { name: `${name}; tokens of level ${level}`, level, sparsity };
  };
  const ways = Object.entries(policies);
  const exact = { name: 'exact', level: 0, sparsity: null };
  if (tokens.layers.length === 0) return [exact, ...ways.map(alone)];
  return [
    exact,
    { name: `tokens of level ${level}`, level, sparsity: tokens },
    ...ways.flatMap((way) => [alone(way), beside(way)]),
  ];
}
