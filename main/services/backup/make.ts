// Makes a backup while the app goes on: first a consistent copy of the library and a hold on every file it names,
// then a stream of one zip. Whatever is deleted or added meanwhile changes nothing in it.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import Database from 'better-sqlite3';
import { ZipFile } from 'yazl';
import { calibrationsIn } from '../sparsity-profiles.js';
import type { Db } from '../library/open.js';
import {
  formatVersion,
  libraryName,
  manifestName,
  originalName,
  profileName,
  type Manifest,
} from './format.js';

/** Folders of backups being made, beside the library; one left over is of no use. */
export const heldPrefix = 'backup-';

export interface PreparedBackup {
  manifest: Manifest;
  /** What the user may call it. */
  fileName: string;
  /** The zip. To be read to its end or destroyed. */
  stream(): Readable;
  /** Lets go of what it holds. Idempotent. */
  discard(): Promise<void>;
}

export async function prepareBackup(
  db: Db,
  dataFolder: string,
  version: string,
): Promise<PreparedBackup> {
  const held = join(dataFolder, heldPrefix + randomUUID());
  const discard = () => rm(held, { recursive: true, force: true });
  try {
    await mkdir(join(held, 'originals'), { recursive: true });
    await mkdir(join(held, 'sparsity'));
    const library = join(held, libraryName);
    await db.backup(library);
    const facts = tidy(library);
    const kept = await holdOriginals(dataFolder, held, facts.sha256s);
    const profiles = await holdProfiles(dataFolder, held);
    const files = [];
    for (const path of [libraryName, ...profiles]) files.push(await described(held, path));
    const { documents, conversations, turns } = facts;
    const manifest: Manifest = {
      format: 'longleaf-backup',
      version: formatVersion,
      app: version,
      createdAt: Date.now(),
      documents,
      conversations,
      turns,
      files: [...files, ...kept.files],
      missing: kept.missing,
    };
    const day = new Date(manifest.createdAt).toISOString().slice(0, 10);
    const fileName = `Longleaf ${day}.zip`;
    return { manifest, fileName, stream: () => zipped(held, manifest), discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** Into a file that is whole or not there. */
export async function writeBackup(prepared: PreparedBackup, path: string): Promise<number> {
  const part = `${path}.part`;
  try {
    await pipeline(prepared.stream(), createWriteStream(part, { flush: true }));
    await rename(part, path);
    return (await stat(path)).size;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await prepared.discard();
  }
}

/** One file without what does not travel: readings, and what indexes and free pages still hold of the deleted. */
function tidy(library: string) {
  const copy = new Database(library);
  try {
    copy.pragma('journal_mode = DELETE');
    copy.exec('DELETE FROM readings');
    for (const index of ['passages_index', 'turns_index']) {
      copy.exec(`INSERT INTO ${index} (${index}) VALUES ('optimize')`);
    }
    copy.exec('VACUUM');
    const count = (table: string) =>
      copy.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
    return {
      documents: count('documents'),
      conversations: count('conversations'),
      turns: count('turns'),
      sha256s: copy.prepare('SELECT sha256 FROM documents').pluck().all() as string[],
    };
  } finally {
    copy.close();
  }
}

async function holdOriginals(dataFolder: string, held: string, sha256s: readonly string[]) {
  const files: Manifest['files'] = [];
  const missing: string[] = [];
  for (const sha256 of sha256s) {
    const path = `originals/${sha256}`;
    const found = originalName.test(path) && (await hold(dataFolder, held, path));
    const file = found ? await described(held, path) : undefined;
    if (file?.sha256 === sha256) files.push(file);
    else missing.push(sha256);
  }
  return { files, missing };
}

/** A second name for the same file, which outlives the first. False: there is no such file. */
async function hold(dataFolder: string, held: string, path: string): Promise<boolean> {
  const [from, to] = [join(dataFolder, path), join(held, path)];
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    // A file system without links: a copy does the same, and takes the room.
    await pipeline(createReadStream(from), createWriteStream(to));
    return true;
  }
}

async function holdProfiles(dataFolder: string, held: string): Promise<string[]> {
  const names = await readdir(calibrationsIn(dataFolder)).catch(() => []);
  const paths = names.map((name) => `sparsity/${name}`).filter((path) => profileName.test(path));
  for (const path of paths) await hold(dataFolder, held, path);
  return paths;
}

async function described(folder: string, path: string): Promise<Manifest['files'][number]> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(join(folder, path))) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

/** Originals are mostly compressed already; the library is text. */
function zipped(held: string, manifest: Manifest): Readable {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (error: Error) => output.destroy(error));
  zip.addBuffer(Buffer.from(JSON.stringify(manifest)), manifestName);
  for (const { path } of manifest.files) {
    zip.addFile(join(held, path), path, { compress: !originalName.test(path) });
  }
  zip.end();
  return output;
}

/** Makes a rename last through a power cut; folders cannot be synced on Windows. */
export async function syncFolderOf(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
