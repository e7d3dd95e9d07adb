// Forecasts and calibrations of the scripted bridge. ?calibration=running|done|kept|shipped
import type {
  CalibrationRun,
  CalibrationState,
  Forecast,
  KeptPlaces,
  LevelForecast,
  MeasuredLevel,
  SparsityProfile,
} from '../../main/contract/index.js';

const measured = (
  level: number,
  readSeconds: number,
  kept: number,
  found: number,
): MeasuredLevel => ({
  ...{ level, tau: level / 500, readSeconds, found, asked: 20 },
  keptFraction: (6 + 2 * kept) / 8,
  keptByLayer: [1, 1, 1, 1, 1, 1, kept, kept],
});

const levels = [
  measured(0, 31.2, 1, 20),
  measured(25, 24.6, 0.43, 20),
  measured(50, 21.4, 0.24, 19),
  measured(75, 19.1, 0.15, 18),
  measured(100, 17.8, 0.08, 14),
];

const shipped: SparsityProfile = {
  version: 1,
  layers: [6, 7],
  ...{ window: 128, minTokens: 256, pool: 7, defaultLevel: 25 },
  levels: levels.map(({ level, tau }) => ({ level, tau })),
  provenance: 'Layers 6 and 7 at tau .02 lost nothing of 634 answers on held-out novels.',
};

const calibrated: SparsityProfile = {
  ...shipped,
  provenance: 'Calibrated 2026-11-25 on CPU, AVX2, 8 threads.',
  calibration: {
    date: '2026-11-25T10:20:30Z',
    device: 'CPU, AVX2, 8 threads',
    text: 'text made up for measuring',
    tokens: 16_384,
    drift: [9.12, 0.61, 0.41, 0.32, 0.24, 0.2, 0.17, 0.31],
    delta: 0.5,
    tried: [
      { by: 'drift', layers: [4, 5, 6], measured: measured(25, 23, 0.5, 17) },
      { by: 'profile', layers: [6, 7], measured: levels[1]! },
    ],
    levels,
  },
};

const running: CalibrationRun = {
  state: 'running',
  modelTitle: 'Longleaf Mini',
  text: 'text made up for measuring',
  tokens: 16_384,
  facts: 20,
  step: { kind: 'asking', level: 50, done: 7, total: 20 },
  fraction: 0.46,
  etaSeconds: 143,
  levels: levels.slice(0, 2),
};

export function calibrationState(name: string | null): CalibrationState {
  const run: CalibrationRun =
    name === 'running'
      ? running
      : name === 'done'
        ? { state: 'done', modelTitle: 'Longleaf Mini', profile: calibrated }
        : { state: 'idle' };
  const kept = name === 'kept';
  const profile = kept ? calibrated : shipped;
  const model = { title: 'Longleaf Mini', layers: 8, mostTokens: 130_816, profile };
  return { run, model: { ...model, source: kept ? 'calibrated' : 'shipped' } };
}

export const runningCalibration = running;

/** As a model answers for that goes by blocks and was evaluated before it was shipped. */
function shippedForecast(level: number, tokens: number | null): LevelForecast {
  const share = level / 100;
  const counted = { level: level === 0 ? 0 : 100, found: 264, asked: 300, exact: 261 };
  return {
    ...{ level, layers: [], whole: false, kept: 1, computed: 1 - 0.9 * share },
    ...(level > 0 && { blocks: { pattern: 'flex' as const, layers: [0, 1, 2, 3, 4, 5, 6] } }),
    seconds: tokens === null ? null : 31.2 - 13.4 * share,
    facts: { ...counted, shipped: { tokens: 130_560 } },
  };
}

export function forecastOf(name: string | null, tokens: number | null): Forecast {
  const known = name === 'kept';
  const at = (level: number): LevelForecast => {
    if (name === 'shipped') return shippedForecast(level, tokens);
    const upper = levels.find((each) => each.level >= level)!;
    const kept = level === 0 ? 1 : known || level === 25 ? upper.keptByLayer[7]! : null;
    return {
      level,
      layers: level === 0 ? [] : [6, 7],
      whole: false,
      kept,
      computed: kept === null ? null : kept * kept,
      seconds:
        tokens === null || !(known || level === 25 || level === 0) ? null : upper.readSeconds,
      facts: known ? { level: upper.level, found: upper.found, asked: 20, exact: 20 } : null,
    };
  };
  return {
    tokens,
    modelLayers: 8,
    held: tokens === null ? null : 25,
    saved: tokens === null ? [] : [25],
    levels: Array.from({ length: 101 }, (_, level) => at(level)),
  };
}

/** Sinks, the end, and here and there a passage. */
export const keptPlaces: KeptPlaces = {
  layers: [2, 3, 4, 5, 6].map((layer) => ({
    layer,
    shares: Array.from({ length: 128 }, (_, at) => {
      if (at === 0 || at > 124) return 1;
      const wave = 0.5 + 0.5 * Math.sin(at * (0.21 + layer * 0.05) + layer);
      return Math.round((0.15 + 0.75 * wave ** 2) * 1000) / 1000;
    }),
  })),
  stretches: Array.from({ length: 128 }, (_, at) => ({ document: 0, at: at * 433 })),
};
