// An app whose library can be replaced while it runs: the shells hold this one, which closes the app inside,
// changes the library in its place, and opens another on it. Whoever listens goes on listening.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FailureError, type AppEvent, type CheckedBackup } from '../../contract/index.js';
import { failureError } from '../failures.js';
import type { App, AppOptions } from '../types.js';
import { contentsOf } from './backups.js';
import { freeBytes, refused } from './format.js';
import { finishRestore, swapIn, undoSwap } from './swap.js';
import { stagedPrefix, unpackBackup, type UnpackedBackup } from './unpack.js';

/** What the app inside can ask of the one around it. */
export interface Restoring {
  check(path: string): Promise<CheckedBackup>;
  forget(restoreId: string): Promise<void>;
  /** Answers where the library went that was there before. */
  restore(restoreId: string): Promise<string>;
}

export type InnerApp = Omit<App, 'receiveBackup'>;
export type OpenApp = (options: AppOptions, restoring: Restoring) => Promise<InnerApp>;

export async function restorableApp(options: AppOptions, open: OpenApp): Promise<App> {
  const app = new RestorableApp(options, open);
  await app.start();
  return {
    handle: (method, params) => app.inner.handle(method, params),
    onEvent: (listener) => app.onEvent(listener),
    importStream: (...upload) => app.inner.importStream(...upload),
    takeBackup: (backupId) => app.inner.takeBackup(backupId),
    receiveBackup: (stream, bytes) => app.receive(stream, bytes),
    close: () => app.close(),
  };
}

class RestorableApp implements Restoring {
  readonly #options: AppOptions;
  readonly #open: OpenApp;
  readonly #listeners = new Set<(event: AppEvent) => void>();
  #inner: InnerApp | undefined;
  #checked: { id: string; backup: UnpackedBackup } | undefined;
  #swapping: Promise<unknown> | undefined;

  constructor(options: AppOptions, open: OpenApp) {
    this.#options = options;
    this.#open = open;
  }

  get inner(): InnerApp {
    if (this.#inner) return this.#inner;
    throw new FailureError('busy', 'The library is being replaced.', 'Wait a moment.');
  }

  async start(): Promise<void> {
    await finishRestore(this.#options.dataFolder).catch((error: unknown) => {
      throw failureError(error);
    });
    const inner = await this.#open(this.#options, this);
    inner.onEvent((event) => this.#tell(event));
    this.#inner = inner;
  }

  #tell(event: AppEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  onEvent(listener: (event: AppEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async check(path: string): Promise<CheckedBackup> {
    await this.#forgetChecked();
    const backup = await unpackBackup(path, this.#options.dataFolder);
    await this.#forgetChecked(); // of somebody who was faster
    const id = randomUUID();
    this.#checked = { id, backup };
    return { ...contentsOf(backup.manifest), restoreId: id };
  }

  async receive(stream: Readable, bytes: number): Promise<CheckedBackup> {
    const { dataFolder } = this.#options;
    const path = join(dataFolder, `${stagedPrefix}${randomUUID()}.zip`);
    try {
      const disk = await statfs(dataFolder);
      if (bytes + freeBytes > disk.bavail * disk.bsize) {
        throw refused('The disk has no room for it.', 'Make room and try again.');
      }
      await pipeline(stream, createWriteStream(path, { flags: 'wx' }));
      return await this.check(path);
    } catch (error) {
      throw failureError(error);
    } finally {
      stream.destroy();
      await rm(path, { force: true });
    }
  }

  async forget(restoreId: string): Promise<void> {
    if (this.#checked?.id === restoreId) await this.#forgetChecked();
  }

  async restore(restoreId: string): Promise<string> {
    const checked = this.#checked;
    if (checked?.id !== restoreId) {
      throw new FailureError('not_found', 'This backup is no longer there.', 'Choose it again.');
    }
    this.#checked = undefined;
    const swapped = this.#swap(checked.backup.staged);
    this.#swapping = swapped.catch(() => {});
    return swapped;
  }

  async #swap(staged: string): Promise<string> {
    const { dataFolder } = this.#options;
    const before = this.inner;
    this.#inner = undefined;
    await before.close();
    try {
      return await swapIn(dataFolder, staged);
    } catch (error) {
      await undoSwap(dataFolder);
      const { message } = failureError(error).failure;
      throw new FailureError(
        'storage',
        `The backup could not be put in place, and the library is as it was: ${message}`,
      );
    } finally {
      await this.start();
      this.#tell({ type: 'library' });
    }
  }

  async #forgetChecked(): Promise<void> {
    const checked = this.#checked;
    this.#checked = undefined;
    if (!checked) return;
    const folder = join(this.#options.dataFolder, checked.backup.staged);
    await rm(folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.#swapping;
    await this.#forgetChecked();
    await this.#inner?.close();
  }
}
