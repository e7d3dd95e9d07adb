// A forecast in words: what the slider says beside its position, and what a screen reader hears of it.
import type { Forecast, LevelForecast } from '../../main/contract/index.js';
import { words } from '../strings/index.js';
import { wilson } from '../ui/wilson.js';

export interface ForecastLines {
  time: string;
  /** Null: the level goes by blocks alone, which keep every token. */
  kept: string | null;
  /** Share of attention; null: the level has no blocks, and what it keeps says it all. */
  computed: string | null;
  accuracy: string;
  /** Nothing was measured of this level's accuracy. */
  unmeasured: boolean;
  policy: string[];
  /** What changing to this level reads again; null: nothing was read yet. */
  again: string | null;
  spoken: string;
}

export function forecastLines(forecast: Forecast, at: LevelForecast): ForecastLines {
  const { tokens, modelLayers } = forecast;
  return {
    time: timeOf(tokens, at, forecast.levels[0]?.seconds ?? null),
    kept: goesByBlocks(at) && at.layers.length === 0 ? null : keptOf(tokens, at),
    computed: computedOf(at),
    accuracy: accuracyOf(at),
    unmeasured: at.facts === null,
    policy: policyOf(at, modelLayers),
    again: againOf(forecast, at.level),
    spoken: spokenOf(at),
  };
}

function timeOf(tokens: number | null, { seconds }: LevelForecast, exactly: number | null): string {
  if (tokens === null) return words.forecast.noText;
  if (seconds !== null) return words.forecast.takes(seconds, tokens);
  return exactly === null ? words.forecast.unknownTime : words.forecast.atMost(exactly, tokens);
}

function keptOf(tokens: number | null, { layers, kept }: LevelForecast): string {
  if (layers.length === 0 || kept === 1) return words.forecast.keepsAll(tokens);
  return kept === null ? words.forecast.notMeasured : words.forecast.keeps(kept, tokens, layers);
}

/** What it computes says more than what it keeps. */
const goesByBlocks = ({ blocks, whole }: LevelForecast) => blocks !== undefined && !whole;

function computedOf(at: LevelForecast): string | null {
  if (!goesByBlocks(at)) return null;
  const { layers, blocks, computed } = at;
  const touched = [...new Set([...layers, ...(blocks?.layers ?? [])])].sort((a, b) => a - b);
  return computed === null
    ? words.forecast.notMeasured
    : words.forecast.computes(computed, touched);
}

function accuracyOf({ facts, level }: LevelForecast): string {
  if (!facts) return words.forecast.notMeasured;
  const { found, asked, exact, shipped } = facts;
  const { low, high } = wilson(found, asked);
  const above = facts.level !== level;
  const parts = shipped
    ? [
        words.forecast.right(found, asked, shipped.tokens, low, high),
        level !== 0 && words.forecast.exactRight(exact),
        above ? words.forecast.shippedAt(facts.level) : words.forecast.shipped,
      ]
    : [
        words.forecast.found(found, asked, low, high),
        level !== 0 && words.forecast.exactFound(exact),
        above && words.forecast.measuredAt(facts.level),
      ];
  return parts.filter((part) => part !== false).join('; ');
}

function policyOf({ layers, blocks, whole }: LevelForecast, modelLayers: number): string[] {
  if (whole) return [words.forecast.whole];
  const said =
    layers.length > 0 ? [words.forecast.selects(layers, modelLayers - layers.length)] : [];
  if (blocks) said.push(words.forecast.blocks[blocks.pattern](blocks.layers));
  return said.length > 0 ? said : [words.forecast.exactPolicy];
}

function againOf({ tokens, held, saved }: Forecast, level: number): string | null {
  if (tokens === null) return null;
  if (held === level) return words.forecast.again.held;
  if (saved.includes(level)) return words.forecast.again.saved;
  return held !== null || saved.length > 0 ? words.forecast.again.reread(tokens) : null;
}

function spokenOf(at: LevelForecast): string {
  const { seconds, layers, kept, computed, facts } = at;
  const { spoken } = words.forecast;
  return [
    seconds === null ? null : spoken.time(seconds),
    kept === null || layers.length === 0 ? null : spoken.kept(kept),
    computed === null || !goesByBlocks(at) ? null : spoken.computed(computed),
    facts
      ? (facts.shipped ? spoken.questions : spoken.facts)(facts.found, facts.asked)
      : spoken.notMeasured,
  ]
    .filter((each) => each !== null)
    .join(', ');
}
