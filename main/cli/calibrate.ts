// longleaf calibrate: measures a model on this machine, draws up its sparsity profile and keeps it.
import type { MeasuredLevel, SparsityProfile, TriedLayers } from '../contract/index.js';
import {
  calibrate as measure,
  calibrationRequest,
  layersOf,
  type CalibrationListeners,
} from '../services/calibrating.js';
import { sampleName, sampleText } from '../services/sample-text.js';
import { calibrationsIn, keepCalibrated } from '../services/sparsity-profiles.js';
import { withEngine, type EngineChoice, type EngineRun } from './engine-run.js';
import { readInputs } from './inputs.js';
import { count, percent, rate, seconds, table } from './numbers.js';
import { Cancelled } from './outcome.js';
import { writeJson, type Terminal } from './terminal.js';

export interface CalibrateOptions extends Omit<EngineChoice, 'level'> {
  tokens: number;
  facts: number;
  delta: number;
  dryRun: boolean;
  json: boolean;
}

export async function calibrate(
  terminal: Terminal,
  files: string[],
  options: CalibrateOptions,
): Promise<void> {
  const { text, title } = await textOf(terminal, files, options.tokens);
  await withEngine(terminal, options, async (run) => {
    const { host, model, info, memory } = run;
    const { tokens, facts, delta } = options;
    const wanted = { text, title, tokens, facts, delta };
    const request = calibrationRequest(run, memory.contextTokens, wanted);
    const profile = await measure(host, request, terminal.signal, reports(terminal)).finally(() =>
      terminal.progress.clear(),
    );
    if (!profile) throw new Cancelled();
    const folder = calibrationsIn(terminal.dataFolder);
    const file = options.dryRun
      ? undefined
      : await keepCalibrated(folder, info.fingerprint, profile);
    if (options.json) writeJson(terminal, { model: model.card.path, file: file ?? null, profile });
    else write(terminal, run, profile, file);
  });
}

async function textOf(terminal: Terminal, files: string[], tokens: number) {
  if (files.length === 0) return { text: sampleText(1, tokens * 5), title: sampleName };
  const { documents } = await readInputs(terminal, files);
  const text = documents.map((each) => each.text).join('\n\n');
  return { text, title: documents.map((each) => each.title).join(', ') };
}

function reports(terminal: Terminal): CalibrationListeners {
  const { progress } = terminal;
  return {
    onDrift: ({ tokensDone, tokensTotal }) =>
      progress.update(`Measuring drift: ${percent(tokensDone / Math.max(1, tokensTotal))}`),
    onReading: (level, { tokensDone, tokensTotal }) =>
      progress.update(
        `Reading at level ${level}: ${percent(tokensDone / Math.max(1, tokensTotal))}`,
      ),
    onAnswer: (level, answered, facts) =>
      progress.update(`Asking at level ${level}: ${answered} of ${facts} facts`),
    onLevel: ({ level, found, asked, readSeconds }, layers) =>
      progress.note(
        `Level ${level}${level > 0 ? `, layers ${listed(layers)}` : ''}: ` +
          `${found} of ${asked} facts, read in ${seconds(readSeconds)}.`,
      ),
  };
}

const ways = {
  drift: 'tokens selected in layers by drift',
  profile: 'tokens selected in layers of the profile',
  blocks: 'attention by blocks in layers',
};

const listed = (layers: readonly number[]) => layers.join(', ') || 'none';

function write(
  { stdout }: Terminal,
  { model, device }: EngineRun,
  profile: SparsityProfile,
  file: string | undefined,
): void {
  const { calibration, defaultLevel } = profile;
  if (!calibration) return;
  const { tokens, drift, tried, levels } = calibration;
  const describe = ({ by, layers: some, measured }: TriedLayers) =>
    `Tried, ${ways[by]}: ${listed(some)}; ${measured.found} of ${measured.asked} facts at level ${measured.level}\n`;
  const row = ({ level, readSeconds, keptFraction, found, asked }: MeasuredLevel) => [
    String(level),
    seconds(readSeconds),
    count(rate(tokens, readSeconds)),
    percent(keptFraction),
    `${found} of ${asked}`,
  ];
  const heads = ['level', 'read in', 'tokens/s', 'kept', 'facts found'];
  stdout.write(
    `${model.card.title} on ${device}, ${count(tokens)} tokens\n` +
      `Drift by layer: ${drift.map((each) => each.toFixed(3)).join(', ')}\n` +
      tried.map(describe).join('') +
      `Layers that may be sparse: ${listed(layersOf(profile, 1))}\n` +
      `${table([heads, ...levels.map(row)])}\n` +
      `Level ${defaultLevel} is the highest without a loss of 1 % or more` +
      `${file ? `; kept in ${file}` : '; not kept'}.\n`,
  );
}
