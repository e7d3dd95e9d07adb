// From slider position to sparse attention, by the model's profile.
import type { BlockSparsity, Sparsity } from '../../native/addon/index.js';
import type { BlockPolicy, SparsityProfile } from '../contract/index.js';
import { policyAt } from '../contract/policy.js'; // without zod: test/eval runs where nothing is installed

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
