// The backup that waits to be fetched. Another one takes its place; one that nobody fetches goes with the app.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { FailureError, type BackupContents, type Result } from '../../contract/index.js';
import type { Db } from '../library/open.js';
import type { Manifest } from './format.js';
import { prepareBackup, type PreparedBackup } from './make.js';

export class Backups {
  readonly #db: Db;
  readonly #dataFolder: string;
  readonly #version: string;
  #waiting: { id: string; prepared: PreparedBackup } | undefined;
  #preparing = false;

  constructor(db: Db, dataFolder: string, version: string) {
    this.#db = db;
    this.#dataFolder = dataFolder;
    this.#version = version;
  }

  async prepare(): Promise<Result<'backup.prepare'>> {
    if (this.#preparing) throw new FailureError('busy', 'A backup is being made already.');
    this.#preparing = true;
    try {
      await this.close();
      const prepared = await prepareBackup(this.#db, this.#dataFolder, this.#version);
      const id = randomUUID();
      this.#waiting = { id, prepared };
      const { manifest, fileName } = prepared;
      return { ...contentsOf(manifest), backupId: id, fileName };
    } finally {
      this.#preparing = false;
    }
  }

  take(id: string): { fileName: string; stream: Readable } {
    const waiting = this.#waiting;
    if (waiting?.id !== id) {
      throw new FailureError('not_found', 'This backup is no longer there.', 'Make another one.');
    }
    this.#waiting = undefined;
    const { prepared } = waiting;
    const stream = prepared.stream();
    stream.once('close', () => void prepared.discard());
    return { fileName: prepared.fileName, stream };
  }

  async close(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    await waiting?.prepared.discard();
  }
}

export function contentsOf({ files, missing, ...manifest }: Manifest): BackupContents {
  const { createdAt, app, documents, conversations, turns } = manifest;
  const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  return { createdAt, app, documents, conversations, turns, bytes, missing: missing.length };
}
