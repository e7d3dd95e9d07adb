// Readings on disk: which files to try for a question, when to write one, and which to give up when the room
// set for them is full. The files are written and checked by the engine; what is damaged is deleted here and
// read again. A reading that cannot be saved is no failure of what was asked: it is only told.
import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type {
  Failure,
  KeptPlaces,
  ReadingFiles,
  ReadStats,
  SavedReadings as Shown,
} from '../contract/index.js';
import type { AppEvents } from './app-events.js';
import type { EngineHost } from './engine-host.js';
import type { EngineLane } from './engine-lane.js';
import { excerptKeys, excerptOf, type Excerpt } from './excerpts.js';
import { failureOf } from './failures.js';
import { gigabytes } from './gigabytes.js';
import {
  isOfProfile,
  type ReadingKey,
  type ReadingStore,
  type SavedReadingRow,
} from './library/readings.js';

/** Shorter documents are read faster than a file is worth. */
const leastTokens = 256;
/** Stays free on the disk whatever the limit is. */
const freeBytes = 1024 ** 3;

/** A reading that the engine holds and that may be worth a file. */
export interface Savable {
  key: ReadingKey;
  modelTitle: string;
  tokens: number;
  /** About as many as the file will have. */
  bytes: number;
  seconds: number;
  keptFraction: number[];
  keptPlaces: KeptPlaces | undefined;
}

export class SavedReadings {
  readonly #folder: string;
  readonly #store: ReadingStore;
  readonly #host: EngineHost;
  readonly #lane: EngineLane;
  readonly #events: AppEvents;
  readonly #limit: () => number;
  #pending: Savable | undefined;
  #saving: { documents: string; controller: AbortController; done: Promise<void> } | undefined;
  #failure: Failure | undefined;

  constructor(
    folder: string,
    store: ReadingStore,
    host: EngineHost,
    lane: EngineLane,
    events: AppEvents,
    limit: () => number,
  ) {
    this.#folder = join(folder, 'readings');
    this.#store = store;
    this.#host = host;
    this.#lane = lane;
    this.#events = events;
    this.#limit = limit;
  }

  /** Removes what a killed process left half written, files nobody knows, and rows whose file is gone. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const rows = new Set(this.#store.list().map(({ id }) => id));
    const files = new Set(await readdir(this.#folder));
    for (const file of files) if (!rows.has(file)) await rm(this.#path(file), { force: true });
    for (const id of rows) if (!files.has(id)) this.#store.remove(id);
    await this.shrink();
  }

  has(key: ReadingKey): SavedReadingRow | undefined {
    return this.#store.find(key);
  }

  /** Levels that these very excerpts are on disk at. */
  levelsOf(fingerprint: string, profile: string, excerpts: readonly Excerpt[]): number[] {
    const key = excerptKeys(excerpts).join(' ');
    const same = this.#store
      .list()
      .filter((each) => each.fingerprint === fingerprint && each.excerpts.join(' ') === key)
      .filter((each) => isOfProfile(each, profile));
    return [...new Set(same.map(({ level }) => level))].sort((a, b) => a - b);
  }

  /** What to give the engine beside a prompt: the reading's name, and the files that may hold some of it. */
  filesFor(key: ReadingKey): ReadingFiles {
    const exact = this.#store.find(key);
    const others = this.#store
      .list()
      .filter((each) => each.id !== exact?.id && isLike(each, key))
      .map((each) => ({ each, common: commonBeginning(each.excerpts, key.excerpts) }))
      .filter(({ common }) => common > 0)
      .sort((one, other) => other.common - one.common);
    const chosen = [exact, others[0]?.each].filter((each) => each !== undefined);
    const fileOf = ({ id, keptFraction }: SavedReadingRow) => ({
      path: this.#path(id),
      keptFraction,
    });
    return { name: nameOf(key), restore: chosen.map(fileOf) };
  }

  /** After a question or reading: what the files gave, and whether what was read is worth one. */
  async settled(reading: Savable, stats: ReadStats): Promise<void> {
    for (const { path } of stats.refused ?? []) await this.#drop(this.#idOf(path));
    const { restored } = stats;
    if (restored) this.#store.used(this.#idOf(restored.path));
    const exact = this.#store.find(reading.key);
    const whole = restored && exact && restored.path === this.#path(exact.id);
    const same = this.#pending && nameOf(this.#pending.key) === nameOf(reading.key);
    if (whole && restored.tokens >= reading.tokens) this.#pending = undefined;
    else if (stats.readTokens >= reading.tokens) this.#pending = reading;
    else if (!same) this.#pending = exact ? undefined : reading;
    this.#saveSoon();
    this.#changed();
  }

  /** A question about the same documents must not wait for their file; it is written after the answer. */
  yieldTo(excerpts: readonly Excerpt[]): void {
    if (this.#saving?.documents === excerptKeys(excerpts).join(' '))
      this.#saving.controller.abort();
  }

  list(): Shown {
    const readings = this.#store.list();
    const bytes = readings.reduce((sum, each) => sum + each.bytes, 0);
    return {
      readings: readings.map(
        ({
          fingerprint: _model,
          kvType: _kv,
          profile: _profile,
          keptFraction: _kept,
          keptPlaces: _where,
          excerpts,
          ...shown
        }) => ({
          ...shown,
          ...this.#store.subjectOf(excerpts),
        }),
      ),
      bytes,
      limit: this.#limit(),
      failure: this.#failure,
    };
  }

  async setKeep(id: string, keep: boolean): Promise<void> {
    this.#store.setKeep(id, keep);
    await this.shrink();
    this.#changed();
  }

  async remove(id: string): Promise<void> {
    await this.#drop(id);
    this.#changed();
  }

  /** A document that is gone must not be readable from what was read of it. */
  async forgetDocument(documentId: string): Promise<void> {
    if (this.#pending && isOf(this.#pending.key, documentId)) this.#pending = undefined;
    for (const reading of this.#store.list()) {
      if (isOf(reading, documentId)) await this.#drop(reading.id);
    }
    this.#changed();
  }

  /** Gives up the readings unused for longest until `more` bytes have room within the limit. */
  async shrink(more = 0): Promise<void> {
    const readings = this.#store.list();
    let bytes = readings.reduce((sum, each) => sum + each.bytes, more);
    for (const each of readings.reverse()) {
      if (bytes <= this.#limit()) return;
      if (each.keep) continue;
      await this.#drop(each.id);
      bytes -= each.bytes;
    }
  }

  /** What is being written gets a moment; what is not finished then leaves nothing. */
  async close(patienceMs: number): Promise<void> {
    const late = setTimeout(() => this.#saving?.controller.abort(), patienceMs);
    await this.#saving?.done;
    clearTimeout(late);
    this.#pending = undefined;
  }

  #saveSoon(): void {
    const reading = this.#pending;
    if (!reading || this.#saving || reading.tokens < leastTokens) return;
    const controller = new AbortController();
    const work = () => this.#save(reading, controller.signal);
    const done = this.#lane
      .run(controller.signal, work)
      .catch((error: unknown) => {
        this.#failure = failureOf(error);
      })
      .then(() => {
        this.#saving = undefined;
        this.#changed();
      });
    this.#saving = { documents: reading.key.excerpts.join(' '), controller, done };
  }

  async #save(reading: Savable, signal: AbortSignal): Promise<void> {
    if (!(await this.#makeRoom(reading))) return;
    const id = randomUUID();
    const path = this.#path(id);
    const { saved, bytes } = await this.#host.save({ name: nameOf(reading.key), path }, signal);
    if (this.#pending === reading && (saved || !signal.aborted)) this.#pending = undefined;
    if (!saved) return;
    const { key, modelTitle, tokens, seconds, keptFraction, keptPlaces } = reading;
    const replaced = this.#store.add({
      id,
      ...key,
      modelTitle,
      tokens,
      bytes,
      seconds,
      keptFraction,
      keptPlaces,
    });
    if (replaced) await rm(this.#path(replaced), { force: true });
    this.#failure = undefined;
    await this.shrink();
  }

  async #makeRoom(reading: Savable): Promise<boolean> {
    const limit = this.#limit();
    const kept = this.#store.list().filter(({ keep }) => keep);
    const keptBytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    const tooLarge = keptBytes + reading.bytes > limit;
    if (!tooLarge) await this.shrink(reading.bytes);
    const disk = tooLarge ? undefined : await statfs(this.#folder);
    if (disk && disk.bavail * disk.bsize - reading.bytes >= freeBytes) return true;
    this.#pending = undefined;
    if (limit > 0) {
      this.#failure = {
        code: 'storage',
        message: `The last reading was not saved: it takes ${gigabytes(reading.bytes)}, ${tooLarge ? 'more than the room set for readings has left' : 'more than the disk can spare'}.`,
        hint: 'Give readings more room, delete some of them, or use a smaller precision.',
      };
    }
    return false;
  }

  async #drop(id: string): Promise<void> {
    this.#store.remove(id);
    await rm(this.#path(id), { force: true });
  }

  #path(id: string): string {
    return join(this.#folder, id);
  }

  #idOf(path: string): string {
    return path.slice(this.#folder.length + 1);
  }

  #changed(): void {
    this.#events.emit({ type: 'readings' });
  }
}

function isOf({ excerpts }: ReadingKey, documentId: string): boolean {
  return excerpts.some((key) => excerptOf(key).documentId === documentId);
}

function isLike(one: ReadingKey, other: ReadingKey): boolean {
  return (
    one.fingerprint === other.fingerprint &&
    one.kvType === other.kvType &&
    one.level === other.level &&
    isOfProfile(one, other.profile)
  );
}

function commonBeginning(one: readonly string[], other: readonly string[]): number {
  const differs = one.findIndex((id, at) => id !== other[at]);
  return differs < 0 ? one.length : differs;
}

function nameOf({ fingerprint, kvType, profile, level, excerpts }: ReadingKey): string {
  return [fingerprint, kvType, profile, level, ...excerpts].join(' ');
}
