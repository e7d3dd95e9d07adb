// How much of attention a level computes for a text, and what work a reading is by that.
import {
  policyAt,
  type Evaluation,
  type LevelForecast,
  type ModelInfo,
  type SparsityProfile,
} from '../contract/index.js';
import { mix, nearest, neighbours } from './measured-levels.js';

export type ModelShape = Pick<
  ModelInfo,
  'layers' | 'heads' | 'headDim' | 'parameters' | 'vocabSize' | 'embeddingLength'
>;

export interface Touched {
  /** That choose tokens. */
  layers: number[];
  blocks: LevelForecast['blocks'];
  /** False: the text is too short for tokens, or blocks, to be left out. */
  selects: boolean;
  plans: boolean;
}

/** Layers that a level leaves something out of, in a text long enough; `tokens` null: in such a text. */
export function touchedAt(
  profile: SparsityProfile,
  modelLayers: number,
  level: number,
  tokens: number | null,
): Touched {
  const policy = policyAt(level, profile.levels);
  const exist = (some: readonly number[]) => some.filter((layer) => layer < modelLayers);
  const chooses = policy && (policy.tau > 0 || (policy.keep ?? 0) > 0);
  const layers = chooses ? exist(policy.layers ?? profile.layers) : [];
  const inBlocks = policy?.blocks ? exist(policy.blocks.layers) : [];
  const longer = (than: number) => tokens === null || tokens > than;
  return {
    layers,
    blocks:
      policy?.blocks && inBlocks.length > 0
        ? { pattern: policy.blocks.pattern, layers: inBlocks }
        : undefined,
    selects: layers.length > 0 && longer(profile.minTokens + profile.window),
    plans: inBlocks.length > 0 && longer(mostPlannedWhole(policy?.blocks?.minTokens)),
  };
}

/** As the engine has it: native/ops/ops.h, BlockOptions. */
const mostPlannedWhole = (minTokens = 1024) => Math.max(256, minTokens);

/**
 * Of its causal pairs, the share that each layer computes; undefined: not known. `kept`, per layer: tokens that
 * choose among themselves leave their square, and what blocks leave is told as tokens of as much work. What was
 * counted of blocks before the model was shipped was counted by length, and goes before that.
 */
export function computedAt(
  profile: SparsityProfile,
  modelLayers: number,
  {
    level,
    tokens,
    kept,
  }: { level: number; tokens: number | null; kept: readonly number[] | undefined },
): number[] | undefined {
  const { layers, blocks, selects, plans } = touchedAt(profile, modelLayers, level, tokens);
  const evaluated = evaluatedAt(profile, level, tokens);
  const shareOf = (layer: number) => {
    const share = kept?.[layer];
    const squared = share === undefined ? undefined : share * share;
    if (plans && blocks?.layers.includes(layer)) return evaluated?.[layer] ?? squared;
    return selects && layers.includes(layer) ? (squared ?? evaluated?.[layer]) : 1;
  };
  const shares = Array.from({ length: modelLayers }, (_, layer) => shareOf(layer));
  return shares.every((share) => share !== undefined) ? shares : undefined;
}

/** Of texts of the length most like `tokens`; null: of the longest. */
export function evaluatedLength({ lengths }: Evaluation, tokens: number | null) {
  return nearest(lengths, tokens ?? Math.max(...lengths.map((each) => each.tokens)));
}

/** Between two levels in proportion, unless the lower's policy holds until the upper is reached. */
function evaluatedAt(
  { evaluation, levels }: SparsityProfile,
  level: number,
  tokens: number | null,
): number[] | undefined {
  const around = evaluation && neighbours(evaluatedLength(evaluation, tokens)?.levels ?? [], level);
  if (!around) return undefined;
  const { lower, upper } = around;
  const acts = (at: number) => JSON.stringify(policyAt(at, levels));
  const share = acts(level) === acts(lower.level) ? 0 : around.share;
  return upper.computedByLayer.map((to, layer) =>
    mix(lower.computedByLayer[layer] ?? 1, to, share),
  );
}

/**
 * Operations of a reading: products by the model's matrices, and the causal pairs that each layer computes. Of the
 * last layer only the answer's row is finished, so its attention is no work to speak of.
 */
export function work(shape: ModelShape, tokens: number, computed: readonly number[]): number {
  const { parameters, vocabSize, embeddingLength, heads, headDim } = shape;
  const products = 2 * Math.max(0, parameters - vocabSize * embeddingLength) * tokens;
  const layers = computed.slice(0, -1).reduce((sum, share) => sum + share, 0);
  return products + 2 * heads * headDim * tokens * tokens * layers;
}
