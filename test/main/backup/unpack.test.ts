// What is not a whole, honest backup is refused before anything is touched, and leaves nothing behind.
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unpackBackup } from '../../../main/services/backup/unpack.js';
import { migrations } from '../../../main/services/library/migrations.js';
import type { Db } from '../../../main/services/library/open.js';
import { newFolder, removeFolder } from '../services/app-fixture.js';
import { libraryFile, manifestOf, patch, sha256, writeZip, type Files } from './zips.js';

let folder: string; // the data folder
let outside: string;
let zip: string;
let library: Buffer;
beforeEach(() => {
  folder = newFolder();
  outside = newFolder();
  zip = join(outside, 'backup.zip');
  library = libraryFile(join(outside, 'good.db'));
});
afterEach(() => {
  removeFolder(folder);
  removeFolder(outside);
});

async function refusal(path = zip): Promise<string> {
  const message = await unpackBackup(path, folder).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
  expect(readdirSync(folder)).toEqual([]);
  return message;
}

const original = Buffer.from('the bytes of a book');
const withOriginal = (): Files => ({
  'library.db': library,
  [`originals/${sha256(original)}`]: original,
});
const document = (db: Db, hash: string) =>
  db.exec(
    `INSERT INTO documents VALUES ('d', 'Title', 'a.txt', 'text', 9, '${hash}', 0, 'page', 0, '[]', 1)`,
  );

it('a good one is unpacked, and nothing else happens', async () => {
  const profile = Buffer.from('{}');
  await writeZip(zip, { ...withOriginal(), 'sparsity/abc.json': profile });
  const { staged, manifest } = await unpackBackup(zip, folder);
  expect(readdirSync(folder)).toEqual([staged]);
  const at = (path: string) => readFileSync(join(folder, staged, path));
  expect(at(`originals/${sha256(original)}`)).toEqual(original);
  expect(at('sparsity/abc.json')).toEqual(profile);
  expect(manifest.files).toHaveLength(3);
});

it('another file, or half of one', async () => {
  writeFileSync(zip, 'Dear diary');
  expect(await refusal()).toContain('no backup of Longleaf');
  await writeZip(zip, withOriginal());
  truncateSync(zip, 500);
  expect(await refusal()).toContain('no backup of Longleaf');
  await writeZip(zip, { 'library.db': library }, null);
  expect(await refusal()).toContain('no backup of Longleaf');
});

it('a byte that is not what it was', async () => {
  await writeZip(zip, withOriginal(), {
    ...manifestOf(withOriginal()),
    files: manifestOf(withOriginal()).files.map((each) =>
      each.path === 'library.db' ? { ...each, sha256: 'a'.repeat(64) } : each,
    ),
  });
  expect(await refusal()).toContain('The library in it is damaged');
  await writeZip(zip, withOriginal());
  const bytes = readFileSync(zip);
  bytes[Math.floor(bytes.length / 4)]! ^= 1;
  writeFileSync(zip, bytes);
  expect(await refusal()).not.toBe('accepted');
});

it('a path that leads out, and any other name', async () => {
  await writeZip(zip, { 'library.db': library, 'xx/evil.txt': original });
  expect(await refusal()).toContain('does not belong into a backup');
  patch(zip, 'xx/evil.txt', '../evil.txt');
  expect(await refusal()).not.toBe('accepted');
  const sly = `originals/${'0'.repeat(64)}`;
  await writeZip(zip, { 'library.db': library, [sly]: original });
  expect(await refusal()).toContain('not those on its list');
  patch(zip, sly, `originals/../../${'0'.repeat(58)}`);
  expect(await refusal()).not.toBe('accepted');
  expect(readdirSync(outside)).not.toContain('evil.txt');
});

it('a list that does not match', async () => {
  await writeZip(zip, withOriginal(), manifestOf({ 'library.db': library }));
  expect(await refusal()).toContain('not those on its list');
  await writeZip(zip, { 'library.db': library }, manifestOf(withOriginal()));
  expect(await refusal()).toContain('not those on its list');
  await writeZip(zip, { [`originals/${sha256(original)}`]: original });
  expect(await refusal()).toContain('There is no library in it');
});

it('what unpacks to far more than it is', async () => {
  const zeros = Buffer.alloc(300_000_000);
  await writeZip(zip, { 'library.db': zeros });
  expect(await refusal()).toContain('made to fill the disk');
});

it('a newer format, and a newer library', async () => {
  await writeZip(zip, withOriginal(), { ...manifestOf(withOriginal()), version: 2 });
  expect(await refusal()).toContain('A newer Longleaf made it');
  library = libraryFile(join(outside, 'newer.db'), (db) => db.pragma('user_version = 99'));
  await writeZip(zip, { 'library.db': library });
  expect(await refusal()).toContain('A newer Longleaf made it');
});

it('a database that is no library of ours, or has something added', async () => {
  const cases: [string, (db: Db) => void][] = [
    ['trigger', (db) => db.exec('CREATE TRIGGER t AFTER DELETE ON turns BEGIN SELECT 1; END')],
    ['view', (db) => db.exec('CREATE VIEW v AS SELECT 1')],
    ['less', (db) => db.exec('DROP TABLE readings')],
  ];
  for (const [name, change] of cases) {
    library = libraryFile(join(outside, `${name}.db`), change);
    await writeZip(zip, { 'library.db': library });
    expect(await refusal()).toContain('no library of Longleaf');
  }
  await writeZip(zip, { 'library.db': Buffer.from('SQLite format 3, or so') });
  expect(await refusal()).toContain('damaged');
});

it('a library that does not hang together, or lacks its originals', async () => {
  library = libraryFile(join(outside, 'loose.db'), (db) => {
    db.pragma('foreign_keys = OFF');
    db.exec("INSERT INTO conversation_documents VALUES ('none', 'none', 0, NULL, NULL)");
  });
  await writeZip(zip, { 'library.db': library });
  expect(await refusal()).toContain('does not hang together');
  library = libraryFile(join(outside, 'lacks.db'), (db) => document(db, 'b'.repeat(64)));
  await writeZip(zip, { 'library.db': library });
  expect(await refusal()).toContain('Original files are missing');
  // One that was gone when the backup was made is named, and taken.
  const manifest = { ...manifestOf({ 'library.db': library }), missing: ['b'.repeat(64)] };
  await writeZip(zip, { 'library.db': library }, manifest);
  await expect(unpackBackup(zip, folder)).resolves.toMatchObject({ manifest: { documents: 0 } });
});

it('an older library is brought up to date, and a model that is not here is forgotten', async () => {
  const change = (db: Db) => {
    document(db, sha256(original));
    db.exec("INSERT INTO models VALUES ('m', '/no/such/model.gguf', 1)");
    db.exec(`INSERT INTO settings VALUES ('modelId', '"m"'), ('threads', '3')`);
  };
  library = libraryFile(join(outside, 'old.db'), change, migrations.slice(0, 2));
  await writeZip(zip, withOriginal());
  const { staged } = await unpackBackup(zip, folder);
  const db = new Database(join(folder, staged, 'library.db'));
  expect(db.pragma('user_version', { simple: true })).toBe(migrations.length);
  expect(db.prepare('SELECT key, value FROM settings ORDER BY key').all()).toEqual([
    { key: 'modelId', value: 'null' },
    { key: 'threads', value: '3' },
  ]);
  db.close();
});
