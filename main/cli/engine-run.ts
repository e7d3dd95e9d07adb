// One engine for one command: starts it, loads a model, counts, and closes it whatever happens.
import {
  FailureError,
  type MemoryPlan,
  type ModelInfo,
  type Prompt,
  type Settings,
  type StartWorker,
} from '../contract/index.js';
import { EngineHost, type Measured } from '../services/engine-host.js';
import type { ChosenModel } from '../services/models.js';
import { ReadingRate } from '../services/reading-rate.js';
import { chooseModel, openShelf } from './model-shelf.js';
import { count, percent, seconds } from './numbers.js';
import { unlessCancelled } from './outcome.js';
import type { Terminal } from './terminal.js';

export interface EngineChoice {
  model?: string;
  level?: number;
  threads: number;
  kv: Settings['kvType'];
  context: number;
  device: Settings['device'];
  vramLimit: number;
  allowQ8Kv: boolean;
}

export interface EngineRun {
  host: EngineHost;
  model: ChosenModel;
  info: ModelInfo;
  memory: MemoryPlan;
  device: string;
  level: number;
  loadSeconds: number;
}

/** Gives `work` a loaded engine. */
export async function withEngine<T>(
  terminal: Terminal,
  choice: EngineChoice,
  work: (run: EngineRun) => Promise<T>,
  startWorker: StartWorker = terminal.startWorker,
): Promise<T> {
  const { signal, progress } = terminal;
  const host = new EngineHost(startWorker, () => {});
  try {
    const begun = performance.now();
    const shelf = await openShelf(terminal, host);
    const model = await unlessCancelled(signal, chooseModel(shelf, choice.model));
    const { card } = model;
    if (card.failure) throw new FailureError('bad_model', card.failure.message, card.failure.hint);
    const options = {
      path: card.path,
      threads: choice.threads,
      kvType: choice.kv,
      contextTokens: choice.context,
      device: choice.device,
      vramLimitBytes: choice.vramLimit,
      allowQ8Kv: choice.allowQ8Kv,
    };
    const onFraction = (fraction: number) =>
      progress.update(`Loading ${card.title}: ${percent(fraction)}`);
    const loaded = await unlessCancelled(signal, host.load(options, onFraction));
    if (loaded.note) progress.note(loaded.note);
    const { info, memory, device } = loaded;
    const level = choice.level ?? card.defaultLevel;
    const loadSeconds = (performance.now() - begun) / 1000;
    return await work({ host, model, info, memory, device, level, loadSeconds });
  } finally {
    host.close();
  }
}

/** Counts the prompt and refuses, with numbers and what would fit, when it leaves no room for the answer. */
export async function measureOrRefuse(
  terminal: Terminal,
  { host, memory }: EngineRun,
  prompt: Prompt,
  replyTokens: number,
): Promise<Measured> {
  terminal.progress.update('Counting tokens');
  const measured = await unlessCancelled(terminal.signal, host.measure(prompt));
  const total = measured.total + replyTokens;
  const limit = memory.contextTokens;
  if (total <= limit) return measured;
  const documents = measured.documents.reduce((sum, each) => sum + each, 0);
  const room = Math.max(0, limit - (measured.total - documents) - replyTokens);
  const answer = replyTokens > 0 ? ` and ${count(replyTokens)} for the answer` : '';
  const larger =
    memory.largestContextTokens > limit
      ? ` A context of up to ${count(memory.largestContextTokens)} tokens would fit into memory (--context).`
      : '';
  throw new FailureError(
    'context_full',
    `The context holds ${count(limit)} tokens, and this needs ${count(total)}: documents ${count(documents)}, ` +
      `question and prompt form ${count(measured.total - documents)}${answer}. Nothing was cut.`,
    `Documents of ${count(room)} tokens would fit.${larger}`,
  );
}

/** Shows how far a reading is, with speed and time left. */
export function readingReports(terminal: Terminal) {
  const rate = new ReadingRate();
  return (step: { tokensDone: number; tokensTotal: number; seconds: number }) => {
    const { tokensDone, tokensTotal } = step;
    const { tokensPerSecond, etaSeconds } = rate.update(tokensDone, tokensTotal, step.seconds);
    const left = etaSeconds === null ? '' : `, ${seconds(etaSeconds)} left`;
    const speed = tokensPerSecond > 0 ? `, ${count(tokensPerSecond)} tokens/s${left}` : '';
    terminal.progress.update(
      `Reading: ${count(tokensDone)} of ${count(tokensTotal)} tokens (${percent(tokensDone / Math.max(1, tokensTotal))})` +
        speed,
    );
  };
}
