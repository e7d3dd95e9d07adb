// One native session and what it has read. The whole prompt goes to the native read every time, which keeps
// the common prefix. Documents are always read on their own first, the rest after them: that is what lets
// every later question, and every other conversation about them, share the reading; and it is the reading of
// the documents that is sparse, so its level and kept fractions are the ones an answer rests on.
import type {
  DriftResult,
  GenerateOptions,
  NativeEngine,
  NativeSession,
  ReadingProgress,
  ReadResult,
  Segment,
} from '../../native/addon/index.js';
import type {
  EngineEvent,
  KeptPlaces,
  Prompt,
  ReadingFiles,
  ReadStats,
  SparsityProfile,
} from '../contract/index.js';
import { AnswerFilter } from './answer-filter.js';
import { keptPlacesOf } from './kept-places.js';
import { lookedAt, type TokenRange } from './looked-at.js';
import { ReadingAccount } from './reading-account.js';
import { segmentsOf, type PromptSegment } from './segments.js';
import { SavedFiles } from './saved-files.js';
import { sparsityAt } from './sparsity.js';
import type { ChatTemplate } from './template.js';
import { TokenCache } from './token-cache.js';

type EventOf<T extends EngineEvent['type']> = Omit<
  Extract<EngineEvent, { type: T }>,
  'id' | 'type'
>;

export interface ReadRequest {
  prompt: Prompt;
  level: number;
  profile: SparsityProfile;
  reading?: ReadingFiles;
}

export interface AskRequest extends ReadRequest {
  generate: GenerateOptions;
  /** Each watched head's attention to this place is told instead of where they looked most. */
  watchPlace?: { index: number; start: number; end: number };
}

export interface SessionEvents {
  reading(progress: ReadingProgress): void;
  text(text: string): void;
}

/** What the timeline begins with. */
interface DocumentsReading {
  tokens: Int32Array;
  sparsity: string;
  keptFraction: number[];
  keptPlaces: KeptPlaces | undefined;
  name: string | undefined;
}

interface Tokens {
  all: Int32Array;
  documents: Int32Array;
  /** Where each document's text lies, in the order of the prompt. */
  places: TokenRange[];
}

export class ReadingSession {
  readonly #engine: NativeEngine;
  readonly #session: NativeSession;
  readonly #template: ChatTemplate;
  readonly #cache = new TokenCache();
  readonly #layers: number;
  #reading: DocumentsReading | undefined;

  constructor(engine: NativeEngine, template: ChatTemplate) {
    this.#engine = engine;
    this.#template = template;
    this.#layers = engine.info.layers;
    this.#session = engine.openSession();
  }

  /** Obeyed within 200 ms. */
  cancel(): void {
    this.#session.cancel();
  }

  close(): void {
    this.#session.close();
  }

  async measure(prompt: Prompt): Promise<EventOf<'measured'>> {
    const { parts } = await this.#tokenised(prompt);
    const documents = prompt.documents.map(() => 0);
    const counts = { document: 0, heading: 0, template: 0, history: 0, question: 0 };
    for (const { segment, tokens } of parts) {
      const { length } = tokens;
      counts[segment.kind] += length;
      if (segment.index !== undefined) documents[segment.index] = length;
    }
    const { document, heading, template, history, question } = counts;
    return {
      documents,
      history,
      question,
      template: template + heading,
      total: document + heading + template + history + question,
    };
  }

  async layOut(prompt: Prompt): Promise<EventOf<'laidOut'>['parts']> {
    const { parts } = await this.#tokenised(prompt);
    return parts.map(({ segment: { kind, text, id }, tokens }) => ({
      kind,
      text,
      id,
      tokens: tokens.length,
    }));
  }

  async read(
    request: ReadRequest,
    events: SessionEvents,
    signal: AbortSignal,
  ): Promise<EventOf<'read'>> {
    const tokens = await this.#tokensOfPrompt(request.prompt);
    const stats = await this.#readTokens(tokens, request, events, signal);
    return { cancelled: !isWhole(stats), stats };
  }

  async ask(
    request: AskRequest,
    events: SessionEvents,
    signal: AbortSignal,
  ): Promise<EventOf<'answered'>> {
    const tokens = await this.#tokensOfPrompt(request.prompt);
    const stats = await this.#readTokens(tokens, request, events, signal);
    if (!isWhole(stats) || signal.aborted) {
      const nothing = { firstTokenSeconds: 0, answerTokens: 0, answerSeconds: 0 };
      return { reason: 'cancelled', stats, ...nothing };
    }
    const options = {
      ...request.generate,
      stop: this.#template.stop,
      watchPositions: tokens.documents.length,
    };
    const answer = new AnswerFilter(events.text);
    const said = await this.#session.generate(options, (text) => answer.push(text));
    answer.finish();
    return {
      reason: said.reason,
      stats,
      firstTokenSeconds: said.firstTokenSeconds,
      answerTokens: said.tokens,
      answerSeconds: said.seconds,
      ...(request.watchPlace
        ? { paid: this.#paid(said.attention, tokens, request.watchPlace) }
        : { looked: this.#looked(said.attention, tokens) }),
    };
  }

  /** Length of the text of tokens [from, to), UTF-16 code units. */
  #characters(tokens: Int32Array, from: number, to: number): number {
    return this.#engine.detokenize(tokens.subarray(from, to)).length;
  }

  /** Of each head, what went to the tokens of a place. */
  #paid(
    attention: Float32Array,
    { documents, places }: Tokens,
    { index, start, end }: { index: number; start: number; end: number },
  ): number[] {
    const place = places[index];
    if (!place) return [];
    const tokensTo = (characters: number) => {
      let [low, high] = [place.start, place.end]; // the text of what lies before `low` is not longer
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (this.#characters(documents, place.start, middle) <= characters) low = middle;
        else high = middle - 1;
      }
      return low;
    };
    const [from, to] = [tokensTo(start), tokensTo(end)];
    const heads = documents.length > 0 ? Math.floor(attention.length / documents.length) : 0;
    return Array.from({ length: heads }, (_, head) => {
      const row = attention.subarray(head * documents.length, (head + 1) * documents.length);
      return row.subarray(from, to).reduce((sum, each) => sum + each, 0);
    });
  }

  #looked(attention: Float32Array, { documents, places }: Tokens): EventOf<'answered'>['looked'] {
    return lookedAt(attention, documents.length, places).flatMap(({ start, end, share }) => {
      const index = places.findIndex((place) => start >= place.start && end <= place.end);
      const from = places[index]?.start ?? 0;
      const characters = (to: number) => this.#characters(documents, from, to);
      return index < 0 ? [] : [{ index, start: characters(start), end: characters(end), share }];
    });
  }

  /** Nothing is saved when the session holds another reading than the one of this name by now. */
  async save(name: string, path: string, signal: AbortSignal): Promise<EventOf<'saved'>> {
    const held = this.#reading;
    if (!held || held.name !== name || signal.aborted) {
      return { saved: false, tokens: 0, bytes: 0, seconds: 0 };
    }
    return { ...(await this.#session.save(path, held.tokens.length)), tokens: held.tokens.length };
  }

  /**
   * Reads the text's beginning densely to see how far each layer moves it; what the session held is gone.
   * `signal` as for read.
   */
  async drift(
    text: string,
    mostTokens: number,
    onProgress: SessionEvents['reading'],
    signal: AbortSignal,
  ): Promise<DriftResult & { tokens: number }> {
    const tokens = await this.#engine.tokenize([{ text, special: false }]);
    if (signal.aborted) return { cancelled: true, seconds: 0, tokens: 0, layers: [] };
    const part = tokens.subarray(0, mostTokens);
    this.#reading = undefined;
    return { ...(await this.#session.drift(part, onProgress)), tokens: part.length };
  }

  /** `signal` aborts between the native calls; cancel() within them. */
  async #readTokens(
    { all, documents, places }: Tokens,
    { level, profile, reading }: ReadRequest,
    events: SessionEvents,
    signal: AbortSignal,
  ): Promise<ReadStats> {
    const sparsity = sparsityAt(level, profile, this.#layers);
    const progress = new ReadingAccount(all.length, events.reading);
    const run = (part: Int32Array) =>
      this.#session.read(part, sparsity, (step) => progress.step(step, all.length - part.length));
    const files = new SavedFiles(this.#session, reading?.restore ?? []);
    const report = (keptFraction?: number[]): ReadStats => ({
      ...progress.stats,
      ...files.account,
      level,
      keptPlaces: this.#reading?.keptPlaces,
      keptFraction: keptFraction ?? new Array<number>(this.#layers).fill(1),
    });
    if (signal.aborted) return report();
    if (!this.#holds(documents, JSON.stringify(sparsity))) {
      const before = this.#reading;
      this.#reading = undefined;
      if (documents.length > 0) {
        const later = all.length - documents.length;
        const found = await files.restore(documents, sparsity, (step) =>
          progress.step(step, documents.length - step.tokensTotal + later),
        );
        if (signal.aborted) return report();
        const result = await run(documents);
        const keptFraction = keptOf(result, found ?? before?.keptFraction);
        progress.add(result, documents.length === all.length);
        if (result.cancelled) return report(keptFraction);
        const name = reading?.name;
        this.#reading = {
          tokens: documents,
          sparsity: JSON.stringify(sparsity),
          keptFraction,
          keptPlaces: this.#keptPlaces(result, documents, places),
          name,
        };
      }
    } else if (documents.length === all.length) progress.reuseAll();
    if (!progress.complete && !signal.aborted) {
      const result = await run(all);
      progress.add(result, true);
      if (!this.#reading) return report(keptOf(result));
    }
    return report(this.#reading?.keptFraction);
  }

  #keptPlaces(result: ReadResult, documents: Int32Array, places: TokenRange[]) {
    if (result.reusedTokens > 0) return undefined;
    return keptPlacesOf(result.keptPlaces, documents.length, places, (from, to) =>
      this.#characters(documents, from, to),
    );
  }

  #holds(documents: Int32Array, sparsity: string): boolean {
    const held = this.#reading;
    return held?.sparsity === sparsity && sameTokens(held.tokens, documents);
  }

  async #tokensOfPrompt(prompt: Prompt): Promise<Tokens> {
    const { parts, documents } = await this.#tokenised(prompt);
    const places: TokenRange[] = [];
    let length = 0;
    let documentTokens = 0;
    for (const [at, { segment, tokens }] of parts.entries()) {
      if (segment.index !== undefined) {
        places[segment.index] = { start: length, end: length + tokens.length };
      }
      length += tokens.length;
      if (at < documents) documentTokens = length;
    }
    const joined = join(parts.map(({ tokens }) => tokens));
    return { all: joined, documents: joined.subarray(0, documentTokens), places };
  }

  /** The prompt's parts as reading has them: each is tokenised as what follows the one before. */
  async #tokenised(
    prompt: Prompt,
  ): Promise<{ parts: { segment: PromptSegment; tokens: Int32Array }[]; documents: number }> {
    const { all, documents } = await segmentsOf(prompt, this.#template);
    const parts: { segment: PromptSegment; tokens: Int32Array }[] = [];
    for (const [at, segment] of all.entries()) {
      parts.push({ segment, tokens: await this.#tokensOf(segment, all[at - 1]) });
    }
    return { parts, documents };
  }

  #tokensOf(segment: PromptSegment, before: PromptSegment | undefined): Promise<Int32Array> {
    const { text, special, kind, id } = segment;
    const tokenize = () =>
      text === ''
        ? Promise.resolve(new Int32Array())
        : this.#tokensAfter(before, { text, special });
    return kind === 'document' ? this.#cache.get(id ?? '', text, tokenize) : tokenize();
  }

  /** Some models' tokenizers put a space before a text that follows nothing or a special token, no other. */
  async #tokensAfter(before: PromptSegment | undefined, segment: Segment): Promise<Int32Array> {
    if (!before) return this.#engine.tokenize([segment]);
    const lead = before.special
      ? { text: before.text, special: true }
      : { text: 'x', special: false };
    const [skipped, whole] = await Promise.all([
      this.#engine.tokenize([lead]),
      this.#engine.tokenize([lead, segment]),
    ]);
    return whole.subarray(skipped.length);
  }
}

function isWhole({ reusedTokens, readTokens, promptTokens }: ReadStats): boolean {
  return reusedTokens + readTokens >= promptTokens;
}

/**
 * Of each layer the share of tokens among which it attended; where it left out blocks of pairs, the share that
 * would have been as much work. What was reused keeps what its own read kept of it.
 */
function keptOf(
  { reusedTokens, readTokens, keptFraction, blockFraction }: ReadResult,
  before?: number[],
): number[] {
  const own = keptFraction.map((share, layer) => share * Math.sqrt(blockFraction[layer] ?? 1));
  if (reusedTokens === 0 || !before) return own;
  const all = reusedTokens + readTokens;
  return own.map(
    (share, layer) => (share * readTokens + (before[layer] ?? 1) * reusedTokens) / all,
  );
}

function sameTokens(one: Int32Array, other: Int32Array): boolean {
  const bytes = (tokens: Int32Array) =>
    Buffer.from(tokens.buffer, tokens.byteOffset, tokens.byteLength);
  return one.length === other.length && bytes(one).equals(bytes(other));
}

function join(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
