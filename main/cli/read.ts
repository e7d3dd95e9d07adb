// longleaf read: reads documents without a question and says what that takes.
import type { Prompt } from '../contract/index.js';
import { measureOrRefuse, readingReports, withEngine, type EngineChoice } from './engine-run.js';
import { readInputs } from './inputs.js';
import { average, count, percent, rate, seconds, table } from './numbers.js';
import { Cancelled } from './outcome.js';
import { writeJson, type Terminal } from './terminal.js';

export interface ReadOptions extends EngineChoice {
  json: boolean;
}

export async function read(
  terminal: Terminal,
  files: string[],
  options: ReadOptions,
): Promise<void> {
  const inputs = await readInputs(terminal, files);
  await withEngine(terminal, options, async (run) => {
    const { host, model, level } = run;
    const prompt: Prompt = {
      style: model.style,
      documents: inputs.documents.map(({ id, title, text }) => ({ id, title, text })),
      turns: [],
    };
    const measured = await measureOrRefuse(terminal, run, prompt, 0);
    const outcome = await host
      .read({ prompt, level, profile: model.profile }, terminal.signal, {
        onReading: readingReports(terminal),
      })
      .finally(() => terminal.progress.clear());
    if (outcome.cancelled) throw new Cancelled();
    const { stats } = outcome;
    const speed = rate(stats.readTokens, stats.seconds);
    if (options.json) {
      writeJson(terminal, {
        documents: inputs.documents.map(({ file, title, kind, text, anchors, warnings }, i) => ({
          ...{ document: file, title, kind, characters: text.length, anchors: anchors.length },
          ...{ tokens: measured.documents[i], warnings },
        })),
        tokens: { prompt: stats.promptTokens, read: stats.readTokens },
        timings: {
          parseSeconds: inputs.seconds,
          loadSeconds: run.loadSeconds,
          readSeconds: stats.seconds,
          readTokensPerSecond: speed,
        },
        keptFraction: stats.keptFraction,
        level: stats.level,
        model: model.card.path,
      });
      return;
    }
    const rows = inputs.documents.map(({ file, anchors, anchorKind }, i) => [
      file,
      `${count(measured.documents[i] ?? 0)} tokens`,
      `${count(anchors.length)} ${unit(anchorKind, anchors.length)}`,
    ]);
    terminal.stdout.write(
      `${table(rows)}\n` +
        `Read ${count(stats.readTokens)} tokens in ${seconds(stats.seconds)} (${count(speed)} tokens/s) ` +
        `with ${model.card.title} at level ${stats.level}; kept ${percent(average(stats.keptFraction))} ` +
        `(by layer: ${stats.keptFraction.map((each) => percent(each)).join(', ')}).\n`,
    );
  });
}

function unit(kind: 'page' | 'section' | 'lines', n: number): string {
  const noun = kind === 'lines' ? 'stretch of lines' : kind;
  if (n === 1) return noun;
  return kind === 'lines' ? 'stretches of lines' : `${noun}s`;
}
