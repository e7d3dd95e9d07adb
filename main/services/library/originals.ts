// Original files, kept byte for byte under originals/<sha256>. A file appears there whole or not at all:
// written under another name, synced, renamed, and the folder synced.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileTooLarge } from '../documents/import.js';
import { maxFileBytes } from '../documents/limits.js';

export interface StoredFile {
  path: string;
  bytes: number;
  sha256: string;
}

export class Originals {
  readonly #folder: string;
  readonly #incoming: string;

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'originals');
    this.#incoming = join(dataFolder, 'incoming');
  }

  /** Clears what an interrupted import left behind. */
  async prepare(): Promise<void> {
    await rm(this.#incoming, { recursive: true, force: true });
    await mkdir(this.#incoming, { recursive: true });
    await mkdir(this.#folder, { recursive: true });
  }

  pathOf(sha256: string): string {
    return join(this.#folder, sha256);
  }

  /** Writes a stream to a file of its own, synced. The caller keeps or discards it. Rejects with
   *  document_too_large as soon as the stream is longer than a document may be. */
  async receive(source: Readable, fileName: string, signal: AbortSignal): Promise<StoredFile> {
    const path = join(this.#incoming, randomUUID());
    const hash = createHash('sha256');
    let bytes = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        hash.update(chunk);
        done(bytes > maxFileBytes ? fileTooLarge(fileName) : null, chunk);
      },
    });
    const file = await open(path, 'wx');
    try {
      // flush: synced to the disk before it is closed
      await pipeline(source, count, file.createWriteStream({ flush: true }), { signal });
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close().catch(() => {});
    }
    return { path, bytes, sha256: hash.digest('hex') };
  }

  async keep(file: StoredFile): Promise<void> {
    await rename(file.path, this.pathOf(file.sha256));
    if (process.platform === 'win32') return; // folders cannot be synced there
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async discard(file: StoredFile): Promise<void> {
    await rm(file.path, { force: true });
  }

  async has(sha256: string): Promise<boolean> {
    return stat(this.pathOf(sha256)).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  async read(sha256: string, start: number, length: number): Promise<Buffer> {
    const file = await open(this.pathOf(sha256), 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }
}
