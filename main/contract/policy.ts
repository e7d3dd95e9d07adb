// What a slider position does, between the entries of a profile: the engine acts by it, services tell of it.
import type { BlockPolicy, SparsityLevel } from './models.js';

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
  const policy = { ...(lower.level === 0 ? upper : lower) };
  policy.tau = Math.max(lower.tau, mix(lower.tau, upper.tau)); // not less where the upper goes by keep
  if (lower.keep && upper.keep) policy.keep = Math.min(lower.keep, mix(lower.keep, upper.keep));
  else if (lower.level === 0 && upper.keep) policy.keep = mix(1, upper.keep);
  policy.blocks = blocksBetween(lower, upper, mix);
  return policy;
}

/**
 * Exact covers all of attention, so above it the share to cover falls from 1. Blocks without such a share cannot
 * come in by degrees: they are there from their own level on.
 */
function blocksBetween(
  lower: SparsityLevel,
  { blocks: to }: SparsityLevel,
  mix: (a: number, b: number) => number,
): BlockPolicy | undefined {
  const whole = to?.pattern === 'flex' && to.gamma !== undefined ? { ...to, gamma: 1 } : undefined;
  const from = lower.level === 0 ? whole : lower.blocks;
  if (from?.pattern !== to?.pattern || from?.gamma === undefined || to?.gamma === undefined) {
    return from;
  }
  return { ...from, gamma: Math.min(from.gamma, mix(from.gamma, to.gamma)) };
}
