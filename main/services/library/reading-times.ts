// What readings took on this machine: from them follows what the next one will take.
import type { Db } from './open.js';

export interface ReadingTime {
  /** What ran the model, and with how many threads. */
  device: string;
  /** Which sparsity profile the level was of: `profileName`. */
  profile: string;
  level: number;
  tokens: number;
  seconds: number;
  /** One per layer; 1 is dense. */
  keptFraction: number[];
}

interface Row extends Omit<ReadingTime, 'keptFraction'> {
  kept_fraction: string;
}

/** Of a model; the oldest go first. */
const mostKept = 200;

export class ReadingTimeStore {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  /** The latest first. */
  of(fingerprint: string): ReadingTime[] {
    const rows = this.#db
      .prepare(
        `SELECT device, profile, level, tokens, seconds, kept_fraction FROM reading_times
         WHERE fingerprint = ? ORDER BY number DESC LIMIT ?`,
      )
      .all(fingerprint, mostKept);
    return (rows as Row[]).map(({ kept_fraction, ...row }) => ({
      ...row,
      keptFraction: JSON.parse(kept_fraction) as number[],
    }));
  }

  add(fingerprint: string, time: ReadingTime): void {
    const { device, profile, level, tokens, seconds, keptFraction } = time;
    this.#db
      .prepare(
        `INSERT INTO reading_times (fingerprint, device, profile, level, tokens, seconds, kept_fraction)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(fingerprint, device, profile, level, tokens, seconds, JSON.stringify(keptFraction));
    this.#db
      .prepare(
        `DELETE FROM reading_times WHERE fingerprint = ? AND number NOT IN
         (SELECT number FROM reading_times WHERE fingerprint = ? ORDER BY number DESC LIMIT ?)`,
      )
      .run(fingerprint, fingerprint, mostKept);
  }
}
