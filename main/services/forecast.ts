// What each level of the slider would do to a text of some length: from what readings with this model took on
// this machine, from its calibration, and from what was measured before the model was shipped.
import type {
  Calibration,
  LevelForecast,
  MeasuredLevel,
  SparsityProfile,
} from '../contract/index.js';
import {
  computedAt,
  evaluatedLength,
  touchedAt,
  work,
  type ModelShape,
  type Touched,
} from './attention-work.js';
import type { ReadingTime } from './library/reading-times.js';
import { mix, nearest, neighbours } from './measured-levels.js';

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
  const touched = touchedAt(profile, shape.layers, level, tokens);
  const { layers, blocks, selects, plans } = touched;
  const whole = !selects && !plans;
  const known = keptAt(basis, level, tokens);
  const kept = selects ? known : dense(shape.layers);
  const computed = computedAt(profile, shape.layers, { level, tokens, kept: known });
  return {
    level,
    layers,
    blocks,
    whole: whole && (layers.length > 0 || blocks !== undefined),
    kept: kept ? meanOf(kept, layers) : null,
    computed: computed ? meanOf(computed, layersOf(touched)) : null,
    seconds: tokens === null ? null : secondsAt(basis, whole ? 0 : level, tokens),
    facts: factsAt(profile, level, tokens),
  };
}

const layersOf = ({ layers, blocks }: Touched) => [
  ...new Set([...layers, ...(blocks?.layers ?? [])]),
];

const dense = (layers: number) => new Array<number>(layers).fill(1);

/** Of some layers; of none 1, for then nothing is left out. */
function meanOf(shares: readonly number[], layers: readonly number[]): number {
  if (layers.length === 0) return 1;
  return layers.reduce((sum, layer) => sum + (shares[layer] ?? 1), 0) / layers.length;
}

/** The most like in length; of no length in particular the latest. */
const mostLike = (readings: ForecastBasis['earlier'], tokens: number | null) =>
  tokens === null ? readings[0] : nearest(readings, tokens);

/** Per layer; undefined: not measured. A reading at this very level knows better than a calibration. */
function keptAt(
  { profile, shape, earlier }: ForecastBasis,
  level: number,
  tokens: number | null,
): readonly number[] | undefined {
  if (level === 0) return dense(shape.layers);
  const read = mostLike(
    earlier.filter((each) => each.level === level),
    tokens,
  );
  if (read) return read.keptFraction;
  const around = profile.calibration && neighbours(profile.calibration.levels, level);
  if (!around) return undefined;
  const { lower, upper, share } = around;
  return upper.keptByLayer.map((to, layer) => mix(lower.keptByLayer[layer] ?? 1, to, share));
}

/**
 * From a reading at this level; else, when calibrated, from one at another level and how much faster this one
 * was measured to be; else from the calibration alone; else from a reading at another level by the work that both
 * are. Lengths are compared by the work they are.
 */
function secondsAt(basis: ForecastBasis, level: number, tokens: number): number | null {
  const { profile, earlier } = basis;
  const same = nearest(
    earlier.filter((each) => each.level === level),
    tokens,
  );
  if (same) return atLength(basis, level, same, tokens);
  const calibration = basis.sameDevice ? profile.calibration : undefined;
  const measured = calibration && measuredSeconds(calibration, level);
  const other = nearest(earlier, tokens);
  const othersMeasured = calibration && other && measuredSeconds(calibration, other.level);
  if (other && measured && othersMeasured) {
    const seconds = (other.seconds * measured) / othersMeasured;
    return atLength(basis, level, { tokens: other.tokens, seconds }, tokens);
  }
  if (calibration && measured) {
    return atLength(basis, level, { tokens: calibration.tokens, seconds: measured }, tokens);
  }
  return other ? atLevel(basis, level, other, tokens) : null;
}

/** Both at one level. Where it is not known what that computes, work grows as that of exact reading. */
function atLength(
  basis: ForecastBasis,
  level: number,
  from: { tokens: number; seconds: number },
  tokens: number,
): number {
  const { profile, shape } = basis;
  const kept = keptAt(basis, level, tokens);
  const workOf = (length: number) => {
    const computed = computedAt(profile, shape.layers, { level, tokens: length, kept });
    return work(shape, length, computed ?? dense(shape.layers));
  };
  return (from.seconds * workOf(tokens)) / workOf(from.tokens);
}

/** Null where it is not known what either computes. */
function atLevel(
  basis: ForecastBasis,
  level: number,
  read: ForecastBasis['earlier'][number],
  tokens: number,
): number | null {
  const { profile, shape } = basis;
  const kept = keptAt(basis, level, tokens);
  const to = computedAt(profile, shape.layers, { level, tokens, kept });
  const from = computedAt(profile, shape.layers, { ...read, kept: read.keptFraction });
  if (!to || !from) return null;
  return (read.seconds * work(shape, tokens, to)) / work(shape, read.tokens, from);
}

function measuredSeconds(calibration: Calibration, level: number): number | undefined {
  const around = neighbours(calibration.levels, level);
  return around && mix(around.lower.readSeconds, around.upper.readSeconds, around.share);
}

/** A calibration speaks of this machine and its user's text; the evaluation of texts like this one in length. */
function factsAt(
  { calibration, evaluation }: SparsityProfile,
  level: number,
  tokens: number | null,
): LevelForecast['facts'] {
  if (calibration) return factsAmong(calibration.levels, level);
  const length = evaluation && evaluatedLength(evaluation, tokens);
  if (!length) return null;
  const answered = length.levels.map((each) => ({ ...each, found: each.right }));
  const facts = factsAmong(answered, level);
  return facts && { ...facts, shipped: { tokens: length.tokens } };
}

/** Of the nearest level above that was measured: it leaves out as much or more. */
function factsAmong(
  levels: readonly Pick<MeasuredLevel, 'level' | 'found' | 'asked'>[],
  level: number,
): LevelForecast['facts'] {
  const upper = levels.find((each) => each.level >= level);
  const exact = levels.find((each) => each.level === 0);
  if (!upper || !exact) return null;
  return { level: upper.level, found: upper.found, asked: upper.asked, exact: exact.found };
}
