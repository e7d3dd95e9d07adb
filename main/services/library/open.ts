// Opens the library so that a kill at any moment loses no committed turn: WAL, every commit synced (FULL; the
// app commits a few times a second at most, so it costs nothing one could feel, and a power cut is survived
// too). A file from a newer Longleaf is refused untouched; a damaged one is moved aside, never deleted.
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FailureError, type Failure } from '../../contract/index.js';
import { migrations } from './migrations.js';

export type Db = Database.Database;

export interface OpenedLibrary {
  db: Db;
  /** What the user must be told about the file that was found. */
  notice?: Failure;
}

/** Up to this size a file is checked at every start; a larger one when it was not closed properly. */
const alwaysCheckedBytes = 64 * 1024 * 1024;

export function openLibrary(folder: string, steps: readonly string[] = migrations): OpenedLibrary {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'library.db');
  if (!existsSync(file)) return { db: openFile(file, steps) };
  try {
    inspectFile(file, steps.length);
    return { db: openFile(file, steps) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = moveAside(folder, file);
    return {
      db: openFile(file, steps),
      notice: {
        code: 'storage',
        message: `The library was damaged and could not be opened. Longleaf started a new one and kept the old file as ${aside}.`,
        hint: 'Import your documents again. The old file can be given to a repair tool; nothing was deleted.',
      },
    };
  }
}

function openFile(file: string, steps: readonly string[]): Db {
  const db = new Database(file);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('busy_timeout = 5000');
    migrate(db, steps);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Reads without writing a byte: refuses newer files, throws SQLite's own error for damaged ones. */
function inspectFile(file: string, known: number): void {
  const wal = `${file}-wal`;
  const unclean = existsSync(wal) && statSync(wal).size > 0;
  const db = new Database(file, { readonly: true });
  try {
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > known) {
      throw new FailureError(
        'storage',
        `This library was written by a newer Longleaf (its format is ${version}; this one knows up to ${known}). It was left untouched.`,
        'Install the newest Longleaf, or start this one with another data folder.',
      );
    }
    if (unclean || statSync(file).size <= alwaysCheckedBytes) {
      const verdict = db.pragma('quick_check(1)', { simple: true }) as string;
      if (verdict !== 'ok') throw new Database.SqliteError(verdict, 'SQLITE_CORRUPT');
    }
  } finally {
    db.close();
  }
}

/** Each step and its number are one transaction, so a kill between steps leaves a valid older file. */
export function migrate(db: Db, steps: readonly string[]): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  for (let step = version; step < steps.length; step++) {
    db.transaction(() => {
      db.exec(steps[step] ?? '');
      db.pragma(`user_version = ${step + 1}`);
    }).immediate();
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

function moveAside(folder: string, file: string): string {
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  const name = `library-damaged-${stamp}.db`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, join(folder, name + suffix));
  }
  return name;
}
