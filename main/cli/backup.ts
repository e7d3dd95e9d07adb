// longleaf backup, longleaf restore: the library of the app, while the app is closed.
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FailureError, type BackupContents } from '../contract/index.js';
import { contentsOf } from '../services/backup/backups.js';
import { prepareBackup, writeBackup } from '../services/backup/make.js';
import { finishRestore, swapIn } from '../services/backup/swap.js';
import { unpackBackup } from '../services/backup/unpack.js';
import { openLibrary } from '../services/library/open.js';
import { lockDataFolder } from '../shell/data-lock.js';
import { bytes, count } from './numbers.js';
import { writeJson, type Terminal } from './terminal.js';

export interface BackupOptions {
  json: boolean;
}

export interface RestoreOptions extends BackupOptions {
  yes: boolean;
}

export async function backup(terminal: Terminal, file: string, options: BackupOptions) {
  const { dataFolder, version, progress } = terminal;
  const path = resolve(file);
  if (existsSync(path)) {
    throw new FailureError('bad_request', `There is a file at ${path} already.`);
  }
  await locked(dataFolder, async () => {
    if (!existsSync(join(dataFolder, 'library.db'))) {
      throw new FailureError('not_found', `There is no library in ${dataFolder} yet.`);
    }
    progress.update('Making the backup');
    const { db } = openLibrary(dataFolder);
    try {
      const prepared = await prepareBackup(db, dataFolder, version);
      const contents = contentsOf(prepared.manifest);
      const size = await writeBackup(prepared, path);
      progress.clear();
      if (options.json) writeJson(terminal, { ...contents, file: path, fileBytes: size });
      else terminal.stdout.write(`${path}: ${holds(contents)}\n`);
      if (contents.missing > 0) progress.note(missing(contents));
    } finally {
      db.close();
    }
  });
}

/** Without --yes it only checks, and tells what the backup holds. */
export async function restore(terminal: Terminal, file: string, options: RestoreOptions) {
  const { dataFolder, progress, signal } = terminal;
  await mkdir(dataFolder, { recursive: true });
  await locked(dataFolder, async () => {
    progress.update('Checking the backup');
    const { manifest, staged } = await unpackBackup(resolve(file), dataFolder, signal);
    progress.clear();
    const contents = contentsOf(manifest);
    if (contents.missing > 0) progress.note(missing(contents));
    if (!options.yes) {
      await rm(join(dataFolder, staged), { recursive: true, force: true });
      if (options.json) writeJson(terminal, { ...contents, restored: false });
      else
        terminal.stdout.write(
          `${holds(contents)}\nNothing was changed. --yes puts it in the place of the library in ${dataFolder}.\n`,
        );
      return;
    }
    const aside = await swapIn(dataFolder, staged);
    if (options.json) writeJson(terminal, { ...contents, restored: true, aside });
    else
      terminal.stdout.write(
        `Restored: ${holds(contents)}\nThe library of before lies in ${aside}\n`,
      );
  });
}

async function locked(dataFolder: string, work: () => Promise<void>): Promise<void> {
  const lock = lockDataFolder(dataFolder);
  try {
    await finishRestore(dataFolder);
    await work();
  } finally {
    lock.release();
  }
}

function holds({ documents, conversations, turns, bytes: size, createdAt, app }: BackupContents) {
  const day = new Date(createdAt).toISOString().slice(0, 10);
  return `${count(documents)} documents, ${count(conversations)} conversations, ${count(turns)} questions, ${bytes(size)}, of ${day} (Longleaf ${app})`;
}

const missing = (contents: BackupContents) =>
  `${count(contents.missing)} original files are missing or damaged; their text is in the backup.`;
