// A forecast in words: what the slider says beside its position, and what a screen reader hears of it.
import type { Forecast, LevelForecast } from '../../main/contract/index.js';
import { words } from '../strings/index.js';
import { wilson } from '../ui/wilson.js';

const text = words.forecast;

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
  if (tokens === null) return text.noText;
  if (seconds !== null) return text.takes(seconds, tokens);
  return exactly === null ? text.unknownTime : text.atMost(exactly, tokens);
}

function keptOf(tokens: number | null, { layers, kept }: LevelForecast): string {
  if (layers.length === 0 || kept === 1) return text.keepsAll(tokens);
  return kept === null ? text.notMeasured : text.keeps(kept, tokens, layers);
}

function accuracyOf({ facts, level }: LevelForecast): string {
  if (!facts) return text.notMeasured;
  const { low, high } = wilson(facts.found, facts.asked);
  const found = text.found(facts.found, facts.asked, low, high);
  if (level === 0) return found;
  const parts = [found, text.exactFound(facts.exact)];
  if (facts.level !== level) parts.push(text.measuredAt(facts.level));
  return parts.join('; ');
}

function policyOf({ layers, blocks, whole }: LevelForecast, modelLayers: number): string[] {
  if (whole) return [text.whole];
  const said = layers.length > 0 ? [text.selects(layers, modelLayers - layers.length)] : [];
  if (blocks) said.push(text.blocks[blocks.pattern](blocks.layers));
  return said.length > 0 ? said : [text.exactPolicy];
}

function againOf({ tokens, held, saved }: Forecast, level: number): string | null {
  if (tokens === null) return null;
  if (held === level) return text.again.held;
  if (saved.includes(level)) return text.again.saved;
  return held !== null || saved.length > 0 ? text.again.reread(tokens) : null;
}

function spokenOf({ seconds, layers, kept, facts }: LevelForecast): string {
  const { spoken } = text;
  return [
    seconds === null ? null : spoken.time(seconds),
    kept === null || layers.length === 0 ? null : spoken.kept(kept),
    facts ? spoken.facts(facts.found, facts.asked) : spoken.notMeasured,
  ]
    .filter((each) => each !== null)
    .join(', ');
}
