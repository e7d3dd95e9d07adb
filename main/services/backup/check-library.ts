// Whether a database that came in a backup is a library of ours: its schema to the letter, its pages, its references,
// a version we know. An older one is brought to the present version, where it lies.
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { ModelStore } from '../library/models.js';
import { migrations } from '../library/migrations.js';
import { migrate, type Db } from '../library/open.js';
import { SettingsStore } from '../library/settings.js';
import { damaged, refused } from './format.js';

/** `known`: whether the backup says anything of the original with this checksum. */
export function checkLibrary(file: string, known: (sha256: string) => boolean): void {
  inspect(file, known);
  const db = new Database(file);
  try {
    db.pragma('foreign_keys = ON');
    migrate(db, migrations);
    forgetAbsentModel(db);
  } finally {
    db.close();
  }
}

/** Before anything of it is run: triggers and views of a stranger are programs. */
function inspect(file: string, known: (sha256: string) => boolean): void {
  const db = new Database(file, { readonly: true });
  try {
    db.pragma('trusted_schema = OFF');
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > migrations.length) {
      throw refused('A newer Longleaf made it.', 'Install the newest Longleaf.');
    }
    if (version < 1 || schemaOf(db) !== schemaAt(version)) {
      throw damaged('What it holds is no library of Longleaf.');
    }
    if (db.pragma('integrity_check(1)', { simple: true }) !== 'ok') {
      throw damaged('The library in it is damaged.');
    }
    if ((db.pragma('foreign_key_check') as unknown[]).length > 0) {
      throw damaged('The library in it does not hang together.');
    }
    const sha256s = db.prepare('SELECT sha256 FROM documents').pluck().all() as string[];
    if (!sha256s.every(known)) throw damaged('Original files are missing from it.');
  } finally {
    db.close();
  }
}

function schemaOf(db: Db): string {
  const rows = db
    .prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       ORDER BY type, name`,
    )
    .all();
  return JSON.stringify(rows);
}

function schemaAt(version: number): string {
  const db = new Database(':memory:');
  try {
    migrate(db, migrations.slice(0, version));
    return schemaOf(db);
  } finally {
    db.close();
  }
}

/** A backup may come from another machine: a chosen model that is not here leaves the choice to the default. */
function forgetAbsentModel(db: Db): void {
  const settings = new SettingsStore(db);
  const { modelId } = settings.read();
  if (modelId === null) return;
  const added = new ModelStore(db).list().find(({ id }) => id === modelId);
  if (added && !existsSync(added.path)) settings.write({ modelId: null });
}
