// Saved readings in the library: which file under readings/ holds which documents, read how. The engine checks
// the file itself; what stands here only says which one to try.
import type { DocumentRanges } from '../../contract/index.js';
import { excerptOf } from '../excerpts.js';
import { DocumentStore } from './documents.js';
import type { KeptPlaces } from '../../contract/index.js';
import type { Db } from './open.js';

/** What a reading is of, and how it was made. */
export interface ReadingKey {
  /** Of the model file. */
  fingerprint: string;
  kvType: string;
  /** Which sparsity profile the level is of: `profileName`. */
  profile: string;
  /** Slider position. */
  level: number;
  /** Keys of what was read of which documents (excerpts.ts), in the order they were read. */
  excerpts: readonly string[];
}

export interface SavedReadingRow extends ReadingKey {
  /** The file's name. */
  id: string;
  modelTitle: string;
  tokens: number;
  bytes: number;
  /** What reading it took, which opening it saves. */
  seconds: number;
  keptFraction: number[];
  keptPlaces: KeptPlaces | undefined;
  keep: boolean;
  createdAt: number;
  usedAt: number;
}

interface Row {
  id: string;
  fingerprint: string;
  kv_type: string;
  profile: string | null;
  level: number;
  document_ids: string;
  model_title: string;
  tokens: number;
  bytes: number;
  seconds: number;
  kept_fraction: string;
  kept_places: string | null;
  keep: number;
  created_at: number;
  used_at: number;
}

export class ReadingStore {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  /** Used last first. */
  list(): SavedReadingRow[] {
    const rows = this.#db.prepare('SELECT * FROM readings ORDER BY used_at DESC, rowid DESC').all();
    return (rows as Row[]).map(fromRow);
  }

  /** At another profile's level of the same number nothing is found, but exact is exact. */
  find(key: ReadingKey): SavedReadingRow | undefined {
    const found = this.#sameNumber(key);
    return found && isOfProfile(found, key.profile) ? found : undefined;
  }

  /** The one that a new one under this key would replace. */
  #sameNumber(key: ReadingKey): SavedReadingRow | undefined {
    const row = this.#db
      .prepare(
        'SELECT * FROM readings WHERE fingerprint = ? AND kv_type = ? AND level = ? AND document_ids = ?',
      )
      .get(key.fingerprint, key.kvType, key.level, key.excerpts.join(' '));
    return row ? fromRow(row as Row) : undefined;
  }

  /** In place of the one under the same key, whose being kept it inherits. Answers that one's file. */
  add(reading: Omit<SavedReadingRow, 'keep' | 'createdAt' | 'usedAt'>): string | undefined {
    const now = Date.now();
    return this.#db
      .transaction(() => {
        const before = this.#sameNumber(reading);
        if (before) this.remove(before.id);
        this.#db
          .prepare(
            `INSERT INTO readings (id, fingerprint, kv_type, profile, level, document_ids, model_title, tokens, bytes,
               seconds, kept_fraction, kept_places, keep, created_at, used_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(
            reading.id,
            reading.fingerprint,
            reading.kvType,
            reading.profile,
            reading.level,
            reading.excerpts.join(' '),
            reading.modelTitle,
            reading.tokens,
            reading.bytes,
            reading.seconds,
            JSON.stringify(reading.keptFraction),
            reading.keptPlaces ? JSON.stringify(reading.keptPlaces) : null,
            before?.keep ? 1 : 0,
            now,
            now,
          );
        return before?.id;
      })
      .immediate();
  }

  /** What was read, as people know it. */
  subjectOf(excerpts: readonly string[]): { documentIds: string[]; ranges?: DocumentRanges } {
    const documents = new DocumentStore(this.#db);
    const read = excerpts.map(excerptOf);
    const ranges = read.flatMap(({ documentId, range }) => {
      if (!range) return [];
      return [[documentId, documents.labelled(documentId, range)] as const];
    });
    return {
      documentIds: read.map(({ documentId }) => documentId),
      ranges: ranges.length > 0 ? Object.fromEntries(ranges) : undefined,
    };
  }

  used(id: string): void {
    this.#db.prepare('UPDATE readings SET used_at = ? WHERE id = ?').run(Date.now(), id);
  }

  setKeep(id: string, keep: boolean): void {
    this.#db.prepare('UPDATE readings SET keep = ? WHERE id = ?').run(keep ? 1 : 0, id);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM readings WHERE id = ?').run(id);
  }
}

/** Of a reading saved before profiles were noted nobody knows: the engine finds out. */
export function isOfProfile({ level, profile }: ReadingKey, wanted: string): boolean {
  return level === 0 || profile === '' || profile === wanted;
}

function fromRow(row: Row): SavedReadingRow {
  return {
    id: row.id,
    fingerprint: row.fingerprint,
    kvType: row.kv_type,
    profile: row.profile ?? '',
    level: row.level,
    excerpts: row.document_ids.split(' '),
    modelTitle: row.model_title,
    tokens: row.tokens,
    bytes: row.bytes,
    seconds: row.seconds,
    keptFraction: JSON.parse(row.kept_fraction) as number[],
    keptPlaces: row.kept_places === null ? undefined : (JSON.parse(row.kept_places) as KeptPlaces),
    keep: row.keep === 1,
    createdAt: row.created_at,
    usedAt: row.used_at,
  };
}
