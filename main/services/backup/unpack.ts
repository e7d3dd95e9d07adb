// Checks a backup to the last byte while it unpacks it into a folder of its own beside the library. Nothing that
// is in use is touched; what turns out to be wrong leaves nothing behind.
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { FailureError } from '../../contract/index.js';
import { maxFileBytes } from '../documents/limits.js';
import { checkLibrary } from './check-library.js';
import {
  damaged,
  formatVersion,
  freeBytes,
  libraryName,
  manifest as schema,
  manifestName,
  maxEntries,
  maxManifestBytes,
  maxProfileBytes,
  maxRatio,
  originalName,
  profileName,
  refused,
  type Manifest,
} from './format.js';

/** Folders of unpacked backups, beside the library; one left over is of no use. */
export const stagedPrefix = 'restoring-';

export interface UnpackedBackup {
  manifest: Manifest;
  /** The folder's name in the data folder: library.db, originals/ and sparsity/ lie in it. */
  staged: string;
}

export async function unpackBackup(
  file: string,
  dataFolder: string,
  signal?: AbortSignal,
): Promise<UnpackedBackup> {
  const staged = stagedPrefix + randomUUID();
  const folder = join(dataFolder, staged);
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false }).catch(() => {
      throw refused('It is no backup of Longleaf, or it was cut short.', 'Choose another file.');
    });
    const entries = await entriesOf(zip);
    const manifest = await manifestOf(zip, entries);
    await checkSizes(entries, manifest, dataFolder);
    await mkdir(join(folder, 'originals'), { recursive: true });
    await mkdir(join(folder, 'sparsity'));
    for (const each of manifest.files) {
      signal?.throwIfAborted();
      await unpack(zip, entries.get(each.path)!, each, join(folder, each.path));
    }
    const known = new Set([...manifest.files.map(({ path }) => path), ...manifest.missing]);
    checkLibrary(join(folder, libraryName), (sha256) => {
      return known.has(`originals/${sha256}`) || known.has(sha256);
    });
    return { manifest, staged };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error instanceof FailureError || signal?.aborted ? error : asDamage(error);
  } finally {
    zip?.close();
  }
}

/** A full disk is no fault of the backup. */
function asDamage(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined ? error : damaged('It is damaged.');
}

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > maxEntries) throw damaged('It holds more files than a library can have.');
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    const ours = [manifestName, libraryName].includes(fileName);
    if (!ours && !originalName.test(fileName) && !profileName.test(fileName)) {
      throw damaged('It holds a file that does not belong into a backup.');
    }
    if (entries.has(fileName)) throw damaged('It holds a file twice.');
    if (entry.isEncrypted()) throw damaged('It is protected with a password.');
    if (entry.uncompressedSize > Math.max(entry.compressedSize * maxRatio, freeBytes)) {
      throw damaged('It was made to fill the disk.');
    }
    entries.set(fileName, entry);
  }
  return entries;
}

async function manifestOf(zip: ZipFile, entries: Map<string, Entry>): Promise<Manifest> {
  const entry = entries.get(manifestName);
  if (!entry) throw refused('It is no backup of Longleaf.', 'Choose another file.');
  if (entry.uncompressedSize > maxManifestBytes) throw damaged('Its list of files is too long.');
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  const json: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > formatVersion) {
    throw refused('A newer Longleaf made it.', 'Install the newest Longleaf.');
  }
  const manifest = schema.parse(json);
  const listed = new Set(manifest.files.map(({ path }) => path));
  const complete = manifest.files.every(({ path }) => path !== manifestName && entries.has(path));
  if (!complete || listed.size !== manifest.files.length || listed.size !== entries.size - 1) {
    throw damaged('Its files are not those on its list.');
  }
  if (!listed.has(libraryName)) throw damaged('There is no library in it.');
  return manifest;
}

async function checkSizes(
  entries: Map<string, Entry>,
  { files }: Manifest,
  dataFolder: string,
): Promise<void> {
  let total = 0;
  for (const { path, bytes, sha256 } of files) {
    const most = profileName.test(path) ? maxProfileBytes : maxFileBytes;
    const original = originalName.exec(path);
    const named = !original || original[1] === sha256;
    const sized = entries.get(path)?.uncompressedSize === bytes;
    if (!named || !sized || (path !== libraryName && bytes > most)) {
      throw damaged('Its files are not those on its list.');
    }
    total += bytes;
  }
  const disk = await statfs(dataFolder);
  if (total + freeBytes > disk.bavail * disk.bsize) {
    throw refused(
      `It unpacks to ${Math.ceil(total / 1e6).toLocaleString('en-US')} MB, and the disk has no room for that.`,
      'Make room and try again.',
    );
  }
}

async function unpack(
  zip: ZipFile,
  entry: Entry,
  { path, bytes, sha256 }: Manifest['files'][number],
  to: string,
): Promise<void> {
  const hash = createHash('sha256');
  let seen = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      hash.update(chunk);
      done(seen > bytes ? damaged('A file in it is longer than it says.') : null, chunk);
    },
  });
  const source = await zip.openReadStreamPromise(entry);
  await pipeline(source, check, createWriteStream(to, { flags: 'wx', flush: true }));
  if (seen !== bytes || hash.digest('hex') !== sha256) {
    throw damaged(
      path === libraryName ? 'The library in it is damaged.' : 'A file in it is damaged.',
    );
  }
}
