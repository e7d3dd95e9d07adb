// Puts an unpacked backup in the library's place. A note is written first; from then on, whatever happens, the next
// start goes on to the end before it opens anything, so there is the old library or the new one and never half of
// each. The old one is moved aside whole and can be used as a data folder of its own.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FailureError } from '../../contract/index.js';
import { heldPrefix, syncFolderOf } from './make.js';
import { stagedPrefix } from './unpack.js';

const noteName = 'restoring.json';
const asidePrefix = 'before-restore-';

/** In the order they change places. What SQLite keeps beside a library must never meet another one. */
const besideLibrary = ['library.db-wal', 'library.db-shm'];
const items = ['originals', 'sparsity', 'library.db'];

const note = z.object({
  staged: z.string().regex(/^restoring-[0-9a-f-]{36}$/),
  aside: z.string().regex(/^before-restore-[\w-]+$/),
});
type Note = z.infer<typeof note>;

/** Tests put a failure in here. */
export interface Files {
  rename(from: string, to: string): Promise<void>;
}

/** The library must be closed. Answers the folder where the old one lies now. */
export async function swapIn(
  dataFolder: string,
  staged: string,
  files: Files = { rename },
): Promise<string> {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-');
  let aside = asidePrefix + stamp;
  for (let n = 2; existsSync(join(dataFolder, aside)); n++) aside = `${asidePrefix}${stamp}-${n}`;
  await mkdir(join(dataFolder, aside));
  await writeNote(dataFolder, { staged, aside });
  await moveAll(dataFolder, { staged, aside }, files);
  return join(dataFolder, aside);
}

/**
 * At the start, before the library is opened: ends what was begun, and clears away what was left half made.
 * Throws storage when it cannot; then nothing may be opened.
 */
export async function finishRestore(dataFolder: string, files: Files = { rename }): Promise<void> {
  const begun = readNote(dataFolder);
  if (begun) await moveAll(dataFolder, begun, files);
  const names = await readdir(dataFolder).catch(() => []);
  for (const name of names) {
    if (name.startsWith(stagedPrefix) || name.startsWith(heldPrefix)) {
      await rm(join(dataFolder, name), { recursive: true, force: true });
    }
    // Made, and then killed before the note was written.
    if (name.startsWith(asidePrefix)) await rmdir(join(dataFolder, name)).catch(() => {});
  }
}

/** After a swap that failed while the app runs: the old library back in its place, as far as it was moved. */
export async function undoSwap(dataFolder: string): Promise<void> {
  const begun = readNote(dataFolder);
  if (!begun) return;
  const at = (folder: string, item: string) => join(dataFolder, folder, item);
  for (const item of items.toReversed()) {
    const isNew = !existsSync(at(begun.staged, item)) && existsSync(join(dataFolder, item));
    if (isNew) await rename(join(dataFolder, item), at(begun.staged, item));
  }
  for (const item of [...items, ...besideLibrary]) {
    if (existsSync(at(begun.aside, item)))
      await rename(at(begun.aside, item), join(dataFolder, item));
  }
  await rm(join(dataFolder, noteName), { force: true });
  await rmdir(join(dataFolder, begun.aside)).catch(() => {});
}

/** Looks only at what is still where it was, so it can be begun again at any step. */
async function moveAll(dataFolder: string, { staged, aside }: Note, files: Files): Promise<void> {
  await mkdir(join(dataFolder, aside), { recursive: true });
  const place = (item: string) => join(dataFolder, item);
  const putAside = async (item: string) => {
    if (existsSync(place(item))) await files.rename(place(item), join(dataFolder, aside, item));
  };
  if (existsSync(join(dataFolder, staged, 'library.db'))) {
    for (const item of besideLibrary) await putAside(item);
  }
  for (const item of items) {
    const fresh = join(dataFolder, staged, item);
    if (!existsSync(fresh)) continue;
    await putAside(item);
    await files.rename(fresh, place(item));
  }
  await syncFolderOf(place('library.db'));
  await rm(place(noteName), { force: true });
  await syncFolderOf(place(noteName));
  await rm(join(dataFolder, staged), { recursive: true, force: true });
}

async function writeNote(dataFolder: string, text: Note): Promise<void> {
  const path = join(dataFolder, noteName);
  const file = await open(`${path}.part`, 'w');
  try {
    await file.writeFile(JSON.stringify(text));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
  await syncFolderOf(path);
}

function readNote(dataFolder: string): Note | undefined {
  const path = join(dataFolder, noteName);
  if (!existsSync(path)) return undefined;
  try {
    return note.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new FailureError(
      'storage',
      `A restore was interrupted, and its note ${path} cannot be read.`,
      'The library is in the data folder or in a folder beside it; nothing was deleted.',
    );
  }
}
