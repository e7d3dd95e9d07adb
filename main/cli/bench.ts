// longleaf bench: how fast this machine reads and writes with a model, and what memory that takes.
import { readFile } from 'node:fs/promises';
import {
  defaultSettings,
  FailureError,
  type Prompt,
  type StartWorker,
  type WorkerProcess,
} from '../contract/index.js';
import { withEngine, type EngineChoice, type EngineRun } from './engine-run.js';
import { average, bytes, count, percent, rate, seconds, table } from './numbers.js';
import { Cancelled, unlessCancelled } from './outcome.js';
import { sampleText } from '../services/sample-text.js';
import { writeJson, type Terminal } from './terminal.js';

export interface BenchOptions extends EngineChoice {
  tokens: number[];
  json: boolean;
}

interface Row {
  tokens: number;
  readTokens: number;
  readSeconds: number;
  readTokensPerSecond: number;
  answerTokens: number;
  answerTokensPerSecond: number;
  keptFraction: number[];
  /** Highest resident memory of the engine process so far; null where the system does not tell. */
  peakBytes: number | null;
}

/** Enough to time decoding; a model may stop sooner. */
const answerTokens = 64;
const question = 'Describe what the text above tells, at length and in your own words.';

export async function bench(terminal: Terminal, options: BenchOptions): Promise<void> {
  let worker: WorkerProcess | undefined;
  const startWorker: StartWorker = (start) => (worker = terminal.startWorker(start));
  const work = async (run: EngineRun) => {
    const limit = run.memory.contextTokens - answerTokens;
    const lengths = options.tokens.filter((tokens) => tokens <= limit).sort((a, b) => a - b);
    const tooLong = options.tokens.filter((tokens) => tokens > limit);
    if (lengths.length === 0) throw nothingFits(limit);
    for (const tokens of tooLong) {
      terminal.progress.note(`${count(tokens)} tokens do not fit: at most ${count(limit)} do.`);
    }
    const rows: Row[] = [];
    for (const tokens of lengths) {
      rows.push(await measure(terminal, run, tokens, () => peakMemory(worker)));
    }
    terminal.progress.clear();
    write(terminal, run, options, rows);
  };
  await withEngine(terminal, options, work, startWorker);
}

function nothingFits(limit: number): FailureError {
  return new FailureError(
    'context_full',
    `None of these lengths fits into the context.`,
    `At most ${count(limit)} tokens do.`,
  );
}

async function measure(
  terminal: Terminal,
  run: EngineRun,
  tokens: number,
  peak: () => Promise<number | null>,
): Promise<Row> {
  const { host, model, level } = run;
  terminal.progress.update(`Reading ${count(tokens)} tokens`);
  const prompt = await promptOf(terminal, run, tokens);
  const { temperature, topK, topP, minP, repetitionPenalty, seed } = defaultSettings;
  const sampling = { temperature, topK, topP, minP, repetitionPenalty, seed };
  const answered = await host.ask(
    { prompt, level, profile: model.profile, sampling, maxTokens: answerTokens },
    terminal.signal,
    {},
  );
  if (answered.reason === 'cancelled') throw new Cancelled();
  const { stats } = answered;
  return {
    tokens,
    readTokens: stats.readTokens,
    readSeconds: stats.seconds,
    readTokensPerSecond: rate(stats.readTokens, stats.seconds),
    answerTokens: answered.answerTokens,
    answerTokensPerSecond: rate(answered.answerTokens, answered.answerSeconds),
    keptFraction: stats.keptFraction,
    peakBytes: await peak(),
  };
}

/** A prompt of nearly that many tokens. Each length has its own beginning, so that nothing read is reused. */
async function promptOf({ signal }: Terminal, run: EngineRun, tokens: number): Promise<Prompt> {
  const promptWith = (text: string): Prompt => ({
    style: run.model.style,
    documents: [{ id: 'bench', title: `Register of ${tokens}`, text }],
    turns: [],
    question,
  });
  let text = sampleText(tokens, tokens * 6);
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const { total } = await unlessCancelled(signal, run.host.measure(promptWith(text)));
    if (total <= tokens && total > tokens * 0.98) break;
    text = sampleText(tokens, Math.max(1, Math.floor((text.length * (tokens - 4)) / total)));
  }
  return promptWith(text);
}

/** Linux tells a process's highest resident memory; elsewhere nobody does without tools. */
async function peakMemory(worker: WorkerProcess | undefined): Promise<number | null> {
  if (!worker?.pid) return null;
  const status = await readFile(`/proc/${worker.pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return kibibytes ? Number(kibibytes) * 1024 : null;
}

function write(terminal: Terminal, run: EngineRun, options: BenchOptions, rows: Row[]): void {
  const { model, device, level, memory } = run;
  if (options.json) {
    writeJson(terminal, {
      model: model.card.path,
      device,
      level,
      kv: options.kv,
      threads: options.threads,
      plannedBytes: memory.totalBytes,
      results: rows,
    });
    return;
  }
  const heads = ['tokens', 'read', 'tokens/s', 'answer tokens/s', 'kept', 'peak memory'];
  const cells = rows.map((row) => [
    count(row.readTokens),
    seconds(row.readSeconds),
    count(row.readTokensPerSecond),
    row.answerTokensPerSecond.toFixed(1),
    percent(average(row.keptFraction)),
    row.peakBytes === null ? 'unknown' : bytes(row.peakBytes),
  ]);
  terminal.stdout.write(
    `${model.card.title} on ${device}, level ${level}, KV ${options.kv}\n${table([heads, ...cells])}\n`,
  );
}
