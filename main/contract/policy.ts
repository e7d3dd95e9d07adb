// What a slider position does, between the entries of a profile: the engine acts by it, services tell of it.
import type { SparsityLevel } from './models.js';

/** Undefined: exact. */
export function policyAt(
  level: number,
  levels: readonly SparsityLevel[],
): SparsityLevel | undefined {
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
