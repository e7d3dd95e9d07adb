// Attention by blocks for a model of which only levels that select tokens are known: what a calibration tries
// beside those.
import type { BlockPolicy, SparsityLevel, SparsityProfile } from '../contract/index.js';

/** FlexPrefill's coverage at the first level above exact and at the last before the fastest. */
const coverage = { most: 0.95, least: 0.8 };
/** Shorter texts are read whole. */
const minTokens = 512;

/**
 * The same levels: FlexPrefill's plan with less and less coverage, at the last one the first and nearest blocks. In
 * all layers but the last, which finishes only the answer's row and is never planned.
 */
export function levelsByBlocks(
  { levels }: SparsityProfile,
  modelLayers: number,
): { layers: number[]; levels: SparsityLevel[] } {
  const layers = Array.from({ length: Math.max(0, modelLayers - 1) }, (_, layer) => layer);
  const steps = Math.max(1, levels.length - 3); // from the first level above exact to the last but one
  const policy = (at: number): BlockPolicy => {
    if (at === levels.length - 1)
      return { pattern: 'stripes', layers, sinks: 8, local: 512, minTokens };
    const share = Math.min(1, (at - 1) / steps);
    const gamma = coverage.most + share * (coverage.least - coverage.most);
    return { pattern: 'flex', layers, gamma: Math.round(gamma * 1000) / 1000, minTokens };
  };
  return {
    layers,
    levels: levels.map(({ level }, at) =>
      at === 0 ? { level, tau: 0 } : { level, tau: 0, blocks: policy(at) },
    ),
  };
}
