// Backups made by hand, right and wrong.
import { createHash } from 'node:crypto';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import Database from 'better-sqlite3';
import { ZipFile } from 'yazl';
import { migrations } from '../../../main/services/library/migrations.js';
import { migrate, type Db } from '../../../main/services/library/open.js';

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

export type Files = Record<string, Buffer>;

/** A list of `files` as it should be. */
export function manifestOf(files: Files) {
  return {
    format: 'longleaf-backup',
    version: 1,
    app: '0.1.0',
    createdAt: 1_750_000_000_000,
    documents: 0,
    conversations: 0,
    turns: 0,
    files: Object.entries(files).map(([path, bytes]) => ({
      path,
      bytes: bytes.length,
      sha256: sha256(bytes),
    })),
    missing: [] as string[],
  };
}

export async function writeZip(
  path: string,
  files: Files,
  manifest: unknown = manifestOf(files),
): Promise<void> {
  const zip = new ZipFile();
  const list = Buffer.from(JSON.stringify(manifest));
  if (manifest !== null) zip.addBuffer(list, 'longleaf-backup.json');
  for (const [name, bytes] of Object.entries(files)) zip.addBuffer(bytes, name);
  zip.end();
  await pipeline(zip.outputStream as Readable, createWriteStream(path));
}

/** The same bytes with one text replaced by another of the same length, wherever it stands. */
export function patch(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'latin1');
  writeFileSync(path, text.replaceAll(from, to), 'latin1');
}

/** A library as a file, after `change`. */
export function libraryFile(
  path: string,
  change: (db: Db) => void = () => {},
  steps = migrations,
): Buffer {
  const db = new Database(path);
  migrate(db, steps);
  change(db);
  db.close();
  return readFileSync(path);
}
