// Readings: what the engine holds of which documents, progress of the reading under way, and its cancelling.
// The engine has one session, so one list of documents is read at a time; conversations about the same
// documents share it.
import type {
  Failure,
  KeptPlaces,
  ReadingFiles,
  ReadingState,
  ReadStats,
} from '../contract/index.js';
import type { AppEvents } from './app-events.js';
import type { EngineLane } from './engine-lane.js';
import type { Listeners, ReadingStep } from './engine-host.js';
import { excerptKeys, type Excerpt } from './excerpts.js';
import { failureOf } from './failures.js';
import type { ReadingKey } from './library/readings.js';
import type { ReadyEngine } from './loaded-engine.js';
import { ReadingRate } from './reading-rate.js';
import { profileName } from './sparsity-profiles.js';
import type { Savable, SavedReadings } from './saved-readings.js';

interface Held {
  documents: string;
  level: number;
  tokens: number;
  seconds: number;
  keptFraction: number[];
  keptPlaces: KeptPlaces | undefined;
  restoredSeconds: number | undefined;
  conversations: Set<string>;
}

/** What reads documents: a reading of its own, or a turn that needs them read. */
export interface ReadingJob {
  conversationId: string;
  turnId?: string;
  excerpts: readonly Excerpt[];
  level: number;
  /** Tokens of the documents alone. */
  documentTokens: number;
  ready: ReadyEngine;
  /** Given up: it ends as soon as the engine notices, and counts no more from now on. */
  signal: AbortSignal;
}

/** What a reading needs of the rest of the app. */
export interface ReadingWork {
  excerptsOf(conversationId: string): readonly Excerpt[];
  /** Where its text begins in the document's. */
  offsetOf(excerpt: Excerpt): number;
  /** Slider position that the next reading would use. */
  level(): Promise<number>;
  /** Under which a reading of these documents would be saved now; undefined when the model is not known. */
  savedKey(excerpts: readonly Excerpt[], level: number): Promise<ReadingKey | undefined>;
  read(conversationId: string, signal: AbortSignal): Promise<void>;
  /** All of a prompt was read, nothing of it known before. */
  took(job: ReadingJob, stats: ReadStats): void;
}

export interface WaitingTurn {
  conversationId: string;
  turnId: string;
}

interface Running {
  conversationId: string;
  documents: string;
  controller: AbortController;
}

export class Readings {
  readonly #events: AppEvents;
  readonly #lane: EngineLane;
  readonly #work: ReadingWork;
  readonly #saved: SavedReadings;
  #held: Held | undefined;
  /** The reading of its own under way or waiting. */
  #running: Running | undefined;
  /** The job the engine works on now. */
  #job: ReadingJob | undefined;
  /** The turn that waits for the reading under way and shows its progress. */
  #waiting: WaitingTurn | undefined;

  constructor(events: AppEvents, lane: EngineLane, saved: SavedReadings, work: ReadingWork) {
    this.#events = events;
    this.#lane = lane;
    this.#saved = saved;
    this.#work = work;
  }

  async state(conversationId: string): Promise<ReadingState> {
    const excerpts = this.#work.excerptsOf(conversationId);
    const documents = nameOf(excerpts);
    if (this.#isReading(documents)) return { conversationId, status: 'reading' };
    const held = this.#held?.documents === documents ? this.#held : undefined;
    held?.conversations.add(conversationId);
    const wanted = await this.#work.level();
    if (held?.level === wanted) {
      const { level, tokens, seconds, keptFraction, restoredSeconds } = held;
      const keptPlaces = this.#inDocuments(held.keptPlaces, excerpts);
      const shown = { level, tokens, seconds, keptFraction, keptPlaces, restoredSeconds };
      return { conversationId, status: 'read', ...shown };
    }
    const key = documents === '' ? undefined : await this.#work.savedKey(excerpts, wanted);
    const saved = key && this.#saved.has(key);
    if (!saved) return { conversationId, status: 'unread', level: held?.level };
    const { level, tokens, seconds, keptFraction } = saved;
    return { conversationId, status: 'saved', level, tokens, seconds, keptFraction };
  }

  /** Places in what was read, as places in whole documents. */
  #inDocuments(kept: KeptPlaces | undefined, excerpts: readonly Excerpt[]): KeptPlaces | undefined {
    const offsets = excerpts.map((excerpt) => this.#work.offsetOf(excerpt));
    const stretches = kept?.stretches.map(({ document, at }) => ({
      document,
      at: at + (offsets[document] ?? 0),
    }));
    return kept && stretches && { ...kept, stretches };
  }

  /** Starts reading unless these documents are read or being read. Gives up another reading of its own. */
  async start(conversationId: string): Promise<void> {
    const documents = nameOf(this.#work.excerptsOf(conversationId));
    if (documents === '') return;
    const state = await this.state(conversationId);
    if (state.status === 'read' || state.status === 'reading') {
      return this.announce(conversationId);
    }
    if (!this.#waiting) this.#running?.controller.abort();
    const running = { conversationId, documents, controller: new AbortController() };
    this.#running = running;
    void this.#run(running);
  }

  #isReading(documents: string): boolean {
    const job = this.#job;
    if (job && !job.signal.aborted && nameOf(job.excerpts) === documents) return true;
    const running = this.#running;
    return running?.documents === documents && !running.controller.signal.aborted;
  }

  cancel(conversationId: string): void {
    if (this.#running?.conversationId === conversationId) this.#running.controller.abort();
  }

  /** A turn that waits its turn shows the progress of what it waits for; undefined: it waits no more. */
  setWaiting(turn: WaitingTurn | undefined): void {
    this.#waiting = turn;
  }

  /** Level of what the engine holds of these documents. */
  levelOf(excerpts: readonly Excerpt[]): number | undefined {
    return this.#held?.documents === nameOf(excerpts) ? this.#held.level : undefined;
  }

  /** The engine lost what it had read: a new model, another process. */
  forget(): void {
    const conversations = this.#held?.conversations ?? new Set<string>();
    this.#held = undefined;
    for (const id of conversations) void this.announce(id);
  }

  /** The slider moved: what was read may no longer be what is wanted. */
  levelChanged(): void {
    for (const id of this.#held?.conversations ?? []) void this.announce(id);
  }

  /** Runs engine work that makes the session hold `job`'s documents, and keeps account of the outcome. */
  async track<T extends { stats: ReadStats }>(
    job: ReadingJob,
    work: (listeners: Listeners, files: ReadingFiles) => Promise<T>,
  ): Promise<T> {
    const documents = nameOf(job.excerpts);
    const rate = new ReadingRate();
    const reused = this.#held?.documents === documents && this.#held.level === job.level;
    if (!reused) this.#held = undefined;
    this.#job = reused ? undefined : job;
    if (!reused) await this.announce(job.conversationId);
    try {
      const key = savedKeyOf(job);
      const listeners = { onReading: (step: ReadingStep) => this.#step(job, step, rate) };
      const outcome = await work(listeners, this.#saved.filesFor(key));
      if (isWhole(outcome.stats)) {
        const { stats } = outcome;
        this.#hold(job, stats, reused);
        if (stats.readTokens === stats.promptTokens) this.#work.took(job, stats);
        const seconds = this.#held?.seconds ?? stats.seconds;
        await this.#saved.settled(savableOf(job, key, stats, seconds), stats);
      }
      return outcome;
    } catch (error) {
      this.#held = undefined;
      throw error;
    } finally {
      this.#job = undefined;
      await this.announce(job.conversationId);
    }
  }

  #hold(job: ReadingJob, stats: ReadStats, reused: boolean): void {
    if (reused && this.#held) {
      this.#held.conversations.add(job.conversationId);
      return;
    }
    const { restored } = stats;
    const whole = restored !== undefined && restored.tokens >= job.documentTokens;
    const file = whole ? this.#saved.has(savedKeyOf(job)) : undefined;
    this.#held = {
      documents: nameOf(job.excerpts),
      level: job.level,
      tokens: job.documentTokens,
      seconds: file?.seconds ?? stats.seconds,
      restoredSeconds: whole ? restored.seconds : undefined,
      keptFraction: stats.keptFraction,
      keptPlaces: whole ? file?.keptPlaces : stats.keptPlaces,
      conversations: new Set([job.conversationId]),
    };
  }

  async #run(running: Running): Promise<void> {
    let failure: Failure | undefined;
    await this.announce(running.conversationId);
    try {
      const { signal } = running.controller;
      await this.#lane.run(signal, () => this.#work.read(running.conversationId, signal));
    } catch (error) {
      failure = failureOf(error);
    }
    if (this.#running === running) this.#running = undefined;
    await this.announce(running.conversationId, failure);
  }

  #step(job: ReadingJob, step: ReadingStep, rate: ReadingRate): void {
    if (job.signal.aborted) return;
    const { tokensDone, tokensTotal, seconds } = step;
    const progress = { tokensDone, tokensTotal, ...rate.update(tokensDone, tokensTotal, seconds) };
    const { conversationId, turnId } = job;
    const waiting = this.#waiting;
    if (waiting) this.#events.emit({ type: 'reading', ...waiting, ...progress });
    if (waiting?.conversationId !== conversationId) {
      this.#events.emit({ type: 'reading', conversationId, turnId, ...progress });
    }
  }

  /** Tells the window how far this conversation is read. */
  async announce(conversationId: string, failure?: Failure): Promise<void> {
    try {
      const state = await this.state(conversationId);
      this.#events.emit({ type: 'reading-state', state, failure });
    } catch {
      // the conversation was removed: nobody is left to tell
    }
  }
}

function savedKeyOf({ ready, level, excerpts }: ReadingJob): ReadingKey {
  const { model, info, kvType } = ready;
  const { fingerprint } = info;
  const profile = profileName(model.profile);
  return { fingerprint, kvType, profile, level, excerpts: excerptKeys(excerpts) };
}

function savableOf(job: ReadingJob, key: ReadingKey, stats: ReadStats, seconds: number): Savable {
  const { documentTokens: tokens, ready } = job;
  return {
    key,
    modelTitle: ready.model.card.title,
    tokens,
    bytes: Math.ceil(tokens * ready.bytesPerToken),
    seconds,
    keptFraction: stats.keptFraction,
    keptPlaces: stats.keptPlaces,
  };
}

/** False: cancelled before the whole prompt was read. */
function isWhole({ reusedTokens, readTokens, promptTokens }: ReadStats): boolean {
  return reusedTokens + readTokens >= promptTokens;
}

function nameOf(excerpts: readonly Excerpt[]): string {
  return excerptKeys(excerpts).join(' ');
}
