// From slider position to Token Sparse Attention, by the model's profile.
import type { Sparsity } from '../../native/addon/index.js';
import type { SparsityProfile } from '../contract/index.js';

/** Null: dense. Between two entries of the profile tau is interpolated linearly. */
export function sparsityAt(
  level: number,
  profile: SparsityProfile,
  modelLayers: number,
): Sparsity | null {
  const tau = tauAt(level, profile.levels);
  const layers = profile.layers.filter((layer) => layer < modelLayers);
  if (tau <= 0 || layers.length === 0) return null;
  const { window, minTokens, pool } = profile;
  return { tau, layers, window, minTokens, pool };
}

function tauAt(level: number, levels: SparsityProfile['levels']): number {
  if (level <= 0) return 0; // Exact means exact, whatever the table says
  const above = levels.findIndex((entry) => entry.level >= level);
  const upper = levels[above] ?? levels.at(-1);
  const lower = levels[above - 1];
  if (!upper) return 0;
  if (!lower || above < 0 || upper.level === lower.level) return upper.tau;
  const share = (level - lower.level) / (upper.level - lower.level);
  return lower.tau + share * (upper.tau - lower.tau);
}
