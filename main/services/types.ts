// What a shell needs of the services: create the app, pass requests in, pass events out, close it.
import type { Readable } from 'node:stream';
import type { AppEvent, CheckedBackup, DocumentSummary, StartWorker } from '../contract/index.js';

export interface AppOptions {
  /** Library database, imported originals, logs. Created when absent. */
  dataFolder: string;
  /** catalog.json, bundled GGUF files and sparsity profiles. */
  modelsFolder: string;
  version: string;
  shell: 'electron' | 'browser';
  startWorker: StartWorker;
}

export interface App {
  /** Validates `params` with the contract's schema, then serves. Rejects with FailureError. */
  handle(method: string, params: unknown): Promise<unknown>;
  onEvent(listener: (event: AppEvent) => void): () => void;
  /** The browser shell's way in: the bytes of a file under the name the user knows. */
  importStream(stream: Readable, fileName: string, importId: string): Promise<DocumentSummary>;
  /** The bytes of a backup that was prepared, once. Throws not_found. */
  takeBackup(backupId: string): { fileName: string; stream: Readable };
  /** The browser shell's way in for a backup to be restored; `bytes` as announced, 0 when not. */
  receiveBackup(stream: Readable, bytes: number): Promise<CheckedBackup>;
  /** Stops the engine and parsers, closes the database. Idempotent. */
  close(): Promise<void>;
}

export type CreateApp = (options: AppOptions) => Promise<App>;
