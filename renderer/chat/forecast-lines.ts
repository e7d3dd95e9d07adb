// A forecast in words: what the slider says beside its position, and what a screen reader hears of it.
import type { Forecast, LevelForecast } from '../../main/contract/index.js';
import { words } from '../strings/index.js';
import { wilson } from '../ui/wilson.js';

export interface ForecastLines {
  time: string;
  kept: string;
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
    kept: keptOf(tokens, at),
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

function accuracyOf({ facts, level }: LevelForecast): string {
  if (!facts) return words.forecast.notMeasured;
  const { low, high } = wilson(facts.found, facts.asked);
  const found = words.forecast.found(facts.found, facts.asked, low, high);
  if (level === 0) return found;
  const parts = [found, words.forecast.exactFound(facts.exact)];
  if (facts.level !== level) parts.push(words.forecast.measuredAt(facts.level));
  return parts.join('; ');
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

function spokenOf({ seconds, layers, kept, facts }: LevelForecast): string {
  const { spoken } = words.forecast;
  return [
    seconds === null ? null : spoken.time(seconds),
    kept === null || layers.length === 0 ? null : spoken.kept(kept),
    facts ? spoken.facts(facts.found, facts.asked) : spoken.notMeasured,
  ]
    .filter((each) => each !== null)
    .join(', ');
}
