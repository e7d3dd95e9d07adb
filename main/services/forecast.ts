// What each level of the slider would do to a text of some length: from what readings with this model took on
// this machine, and from its calibration.
import {
  policyAt,
  type Calibration,
  type LevelForecast,
  type ModelInfo,
  type SparsityProfile,
} from '../contract/index.js';
import type { ReadingTime } from './library/reading-times.js';

export type ModelShape = Pick<
  ModelInfo,
  'layers' | 'heads' | 'headDim' | 'parameters' | 'vocabSize' | 'embeddingLength'
>;

export interface ForecastBasis {
  profile: SparsityProfile;
  shape: ModelShape;
  /** On the device at hand and of this profile, or exact; the latest first. */
  earlier: readonly Omit<ReadingTime, 'device' | 'profile'>[];
  /** False: the calibration's times are another device's. */
  sameDevice: boolean;
}

/** One for each level, 0 to 100. `tokens` null: of no text in particular. */
export function forecastLevels(basis: ForecastBasis, tokens: number | null): LevelForecast[] {
  return Array.from({ length: 101 }, (_, level) => forecastLevel(basis, level, tokens));
}

function forecastLevel(basis: ForecastBasis, level: number, tokens: number | null): LevelForecast {
  const { profile, shape } = basis;
  const { layers, blocks } = touched(profile, level, shape.layers);
  const whole = tokens !== null && tokens <= profile.minTokens + profile.window && !blocks;
  const kept = whole ? dense(shape.layers) : keptAt(basis, level, tokens);
  const among = layers.map((layer) => kept?.[layer] ?? 1);
  return {
    level,
    layers,
    blocks,
    whole: whole && layers.length > 0,
    kept: layers.length === 0 ? 1 : kept ? mean(among) : null,
    seconds: tokens === null ? null : secondsAt(basis, whole ? 0 : level, tokens),
    facts: factsAt(profile.calibration, level),
  };
}

/** Layers that a level leaves something out of. */
function touched(profile: SparsityProfile, level: number, modelLayers: number) {
  const policy = policyAt(level, profile.levels);
  const exist = (some: readonly number[]) => some.filter((layer) => layer < modelLayers);
  const selects = policy && (policy.tau > 0 || (policy.keep ?? 0) > 0);
  const blocks = policy?.blocks && exist(policy.blocks.layers);
  return {
    layers: selects ? exist(policy.layers ?? profile.layers) : [],
    blocks: blocks?.length ? { pattern: policy!.blocks!.pattern, layers: blocks } : undefined,
  };
}

const dense = (layers: number) => new Array<number>(layers).fill(1);
const mean = (shares: readonly number[]) =>
  shares.reduce((sum, each) => sum + each, 0) / Math.max(1, shares.length);

/** Per layer; undefined: not measured. A reading at this very level knows better than a calibration. */
function keptAt(
  { profile, shape, earlier }: ForecastBasis,
  level: number,
  tokens: number | null,
): number[] | undefined {
  if (level === 0) return dense(shape.layers);
  const read = nearest(
    earlier.filter((each) => each.level === level),
    tokens,
  );
  if (read) return read.keptFraction;
  const around = profile.calibration && neighbours(profile.calibration, level);
  if (!around) return undefined;
  const { lower, upper, share } = around;
  return upper.keptByLayer.map((to, layer) => mix(lower.keptByLayer[layer] ?? 1, to, share));
}

/**
 * From a reading at this level; else, when calibrated, from one at another level and how much faster this one
 * was measured to be; else from the calibration alone. Lengths are compared by the work they are.
 */
function secondsAt(basis: ForecastBasis, level: number, tokens: number): number | null {
  const { profile, earlier, shape } = basis;
  const kept = keptAt(basis, level, tokens);
  const scaled = (read: { tokens: number; seconds: number; keptFraction: readonly number[] }) =>
    (read.seconds * work(shape, tokens, kept ?? read.keptFraction)) /
    work(shape, read.tokens, read.keptFraction);
  const same = nearest(
    earlier.filter((each) => each.level === level),
    tokens,
  );
  if (same) return scaled(same);
  const calibration = basis.sameDevice ? profile.calibration : undefined;
  const measured = calibration && measuredSeconds(calibration, level);
  const other = nearest(earlier, tokens);
  const othersMeasured = calibration && other && measuredSeconds(calibration, other.level);
  if (other && measured && othersMeasured) {
    const atItsLevel = { ...other, seconds: (other.seconds * measured) / othersMeasured };
    return (
      (atItsLevel.seconds * work(shape, tokens, other.keptFraction)) /
      work(shape, other.tokens, other.keptFraction)
    );
  }
  if (calibration && measured) {
    return scaled({
      tokens: calibration.tokens,
      seconds: measured,
      keptFraction: kept ?? dense(shape.layers),
    });
  }
  return other && kept ? scaled(other) : null;
}

/** The most like in length; of equals the first. */
function nearest<T extends { tokens: number }>(
  readings: readonly T[],
  tokens: number | null,
): T | undefined {
  if (tokens === null) return readings[0];
  const distance = (each: T) => Math.abs(Math.log(each.tokens / Math.max(1, tokens)));
  return readings.reduce<T | undefined>(
    (best, each) => (best && distance(best) <= distance(each) ? best : each),
    undefined,
  );
}

/** Operations of a reading: products by the model's matrices, and causal attention among what each layer keeps. */
function work(shape: ModelShape, tokens: number, keptFraction: readonly number[]): number {
  const { parameters, vocabSize, embeddingLength, heads, headDim } = shape;
  const products = 2 * Math.max(0, parameters - vocabSize * embeddingLength) * tokens;
  const squares = keptFraction.reduce((sum, kept) => sum + kept * kept, 0);
  return products + 2 * heads * headDim * tokens * tokens * squares;
}

const mix = (from: number, to: number, share: number) => from + share * (to - from);

/** The measured levels around one; `share` of the way from the lower to the upper. */
function neighbours({ levels }: Calibration, level: number) {
  const upper = levels.find((each) => each.level >= level) ?? levels.at(-1);
  const lower = levels.findLast((each) => each.level <= level) ?? upper;
  if (!upper || !lower) return undefined;
  const span = upper.level - lower.level;
  return { lower, upper, share: span > 0 ? (level - lower.level) / span : 0 };
}

function measuredSeconds(calibration: Calibration, level: number): number | undefined {
  const around = neighbours(calibration, level);
  return around && mix(around.lower.readSeconds, around.upper.readSeconds, around.share);
}

/** Of the nearest level above that was measured: it leaves out as much or more. */
function factsAt(calibration: Calibration | undefined, level: number): LevelForecast['facts'] {
  const upper = calibration?.levels.find((each) => each.level >= level);
  const exact = calibration?.levels.find((each) => each.level === 0);
  if (!upper || !exact) return null;
  return { level: upper.level, found: upper.found, asked: upper.asked, exact: exact.found };
}
