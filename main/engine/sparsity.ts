// From slider position to sparse attention, by the model's profile.
import type { BlockSparsity, Sparsity } from '../../native/addon/index.js';
import type { BlockPolicy, SparsityLevel, SparsityProfile } from '../contract/index.js';

/** Null: dense. Between two entries of the profile it is as contract/models.ts says. */
export function sparsityAt(
  level: number,
  profile: SparsityProfile,
  modelLayers: number,
): Sparsity | null {
  const policy = policyAt(level, profile.levels);
  if (!policy) return null;
  const exist = (wanted: number[]) => wanted.filter((layer) => layer < modelLayers);
  const { tau, keep = 0, sinks, perGroup } = policy;
  const layers = tau > 0 || keep > 0 ? exist(policy.layers ?? profile.layers) : [];
  const blocks = blocksOf(policy.blocks, exist);
  if (layers.length === 0 && !blocks) return null;
  const { window, minTokens, pool } = profile;
  return {
    ...{ tau, layers, window, minTokens, pool },
    ...(keep > 0 && { keep }),
    ...(sinks !== undefined && { sinks }),
    ...(perGroup !== undefined && { perGroup }),
    ...(blocks && { blocks }),
  };
}

function blocksOf(
  policy: BlockPolicy | undefined,
  exist: (layers: number[]) => number[],
): BlockSparsity | undefined {
  if (!policy) return undefined;
  const { pattern, gamma, similarity, minTokens, sinks, local } = policy;
  const layers = exist(policy.layers);
  if (layers.length === 0) return undefined;
  return {
    ...{ pattern, layers },
    ...(gamma !== undefined && { gamma }),
    ...(similarity !== undefined && { similarity }),
    ...(minTokens !== undefined && { minTokens }),
    ...(sinks !== undefined && { sinks }),
    ...(local !== undefined && { local }),
  };
}

function policyAt(level: number, levels: SparsityLevel[]): SparsityLevel | undefined {
  if (level <= 0) return undefined; // Exact means exact, whatever the table says
  const above = levels.findIndex((entry) => entry.level >= level);
  const upper = levels[above] ?? levels.at(-1);
  const lower = levels[above - 1];
  if (!upper || !lower || upper.level === level) return upper;
  return between(lower, upper, (level - lower.level) / (upper.level - lower.level));
}

/** Above exact the policy is the upper one's from the start, for exact has none. */
function between(lower: SparsityLevel, upper: SparsityLevel, share: number): SparsityLevel {
  const mix = (a: number, b: number) => a + share * (b - a);
  const policy = { ...(lower.level === 0 ? { ...upper, blocks: undefined } : lower) };
  policy.tau = Math.max(lower.tau, mix(lower.tau, upper.tau)); // not less where the upper goes by keep
  if (lower.keep && upper.keep) policy.keep = Math.min(lower.keep, mix(lower.keep, upper.keep));
  else if (lower.level === 0 && upper.keep) policy.keep = mix(1, upper.keep);
  const { blocks } = policy;
  if (blocks?.pattern === upper.blocks?.pattern && blocks?.gamma && upper.blocks?.gamma) {
    policy.blocks = {
      ...blocks,
      gamma: Math.min(blocks.gamma, mix(blocks.gamma, upper.blocks.gamma)),
    };
  }
  return policy;
}
