// longleaf ask: reads the documents with the question last, and streams the answer.
import { defaultSettings, type Evidence, type Prompt } from '../contract/index.js';
import type { Answered } from '../services/engine-host.js';
import { findEvidence } from '../services/evidence.js';
import { findEvidenceHeads } from '../services/evidence-heads.js';
import { lookedPlaces } from '../services/looked-places.js';
import {
  measureOrRefuse,
  readingReports,
  withEngine,
  type EngineChoice,
  type EngineRun,
} from './engine-run.js';
import { readInputs, type Input, type Inputs } from './inputs.js';
import { average, count, percent, rate, seconds } from './numbers.js';
import { Cancelled } from './outcome.js';
import { writeJson, type Terminal } from './terminal.js';

export interface AskOptions extends EngineChoice {
  question: string;
  maxTokens: number;
  json: boolean;
}

export async function ask(terminal: Terminal, files: string[], options: AskOptions): Promise<void> {
  const inputs = await readInputs(terminal, files);
  await withEngine(terminal, options, async (run) => {
    const prompt: Prompt = {
      style: run.model.style,
      documents: inputs.documents.map(({ id, title, text }) => ({ id, title, text })),
      turns: [],
      question: options.question,
    };
    await measureOrRefuse(terminal, run, prompt, options.maxTokens);
    const { answer, answered } = await generate(terminal, run, prompt, options);
    if (answered.reason === 'cancelled') throw new Cancelled();
    const quotations = findEvidence(answer, inputs.documents);
    const { documents } = inputs;
    const looked = lookedPlaces(answered.looked, documents, quotations, answer.length);
    const evidence = [...quotations, ...looked];
    if (options.json) writeJson(terminal, report(run, inputs, answer, answered, evidence));
    else summarise(terminal, inputs.documents, answered, evidence);
  });
}

async function generate(
  terminal: Terminal,
  { host, model, level }: EngineRun,
  prompt: Prompt,
  { maxTokens, json }: AskOptions,
): Promise<{ answer: string; answered: Answered }> {
  const { temperature, topK, topP, minP, repetitionPenalty, seed } = defaultSettings;
  let answer = '';
  const onToken = (text: string) => {
    terminal.progress.clear();
    answer += text;
    if (!json) terminal.stdout.write(text);
  };
  const watch = await findEvidenceHeads(model, terminal.modelsFolder);
  const answered = await host
    .ask(
      {
        prompt,
        level,
        profile: model.profile,
        sampling: { temperature, topK, topP, minP, repetitionPenalty, seed },
        maxTokens,
        watch,
      },
      terminal.signal,
      { onReading: readingReports(terminal), onToken },
    )
    .finally(() => {
      terminal.progress.clear();
      // What was streamed ends in a line end, also when it was cut off.
      if (!json && answer !== '' && !answer.endsWith('\n')) terminal.stdout.write('\n');
    });
  return { answer, answered };
}

function quoted({ documents }: Pick<Inputs, 'documents'>, each: Evidence) {
  const document = documents.find(({ id }) => id === each.documentId);
  return {
    document: document?.file ?? '',
    quote: document?.text.slice(each.start, each.end) ?? '',
  };
}

function report(
  run: EngineRun,
  inputs: Inputs,
  answer: string,
  answered: Answered,
  evidence: Evidence[],
) {
  const { stats } = answered;
  return {
    answer: answer.trim(),
    evidence: evidence.map((each) => {
      const { document, quote } = quoted(inputs, each);
      const { anchorLabel: anchor, start, end } = each;
      const kind = each.looked === undefined ? 'quoted' : 'looked';
      return { document, kind, anchor, start, end, quote };
    }),
    /** Every place the model looked at, quoted or not; `evidence` names each place once. */
    attention: answered.looked ?? [],
    reason: answered.reason,
    timings: {
      parseSeconds: inputs.seconds,
      loadSeconds: run.loadSeconds,
      readSeconds: stats.seconds,
      firstTokenSeconds: stats.seconds + answered.firstTokenSeconds, // reading included
      answerSeconds: answered.answerSeconds,
      readTokensPerSecond: rate(stats.readTokens, stats.seconds),
      answerTokensPerSecond: rate(answered.answerTokens, answered.answerSeconds),
    },
    tokens: { prompt: stats.promptTokens, read: stats.readTokens, answer: answered.answerTokens },
    keptFraction: stats.keptFraction,
    level: stats.level,
    model: run.model.card.path,
    warnings: inputs.documents.flatMap(({ file, warnings }) =>
      warnings.map((warning) => `${file}: ${warning}`),
    ),
  };
}

function summarise(
  { progress }: Terminal,
  documents: Input[],
  { reason, stats, answerTokens, answerSeconds }: Answered,
  evidence: Evidence[],
): void {
  if (reason === 'length') progress.note('The answer reached --max-tokens and may be cut short.');
  if (reason === 'context_full') progress.note('The context is full; the answer is cut short.');
  for (const each of evidence) {
    const { document, quote } = quoted({ documents }, each);
    const kind = each.looked === undefined ? 'Evidence' : 'Looked at';
    progress.note(`${kind}: ${document}, ${each.anchorLabel}: “${quote.replace(/\s+/g, ' ')}”`);
  }
  progress.note(
    `Read ${count(stats.readTokens)} tokens in ${seconds(stats.seconds)} ` +
      `(${count(rate(stats.readTokens, stats.seconds))} tokens/s, level ${stats.level}, ` +
      `${percent(average(stats.keptFraction))} kept), answered ${count(answerTokens)} in ${seconds(answerSeconds)}.`,
  );
}
