// Documents come in (by path or as a stream), are parsed in their own process, and stay with their original
// file. The same bytes twice are one document.
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import {
  FailureError,
  type DocumentSummary,
  type ImportProgress,
  type StartWorker,
} from '../contract/index.js';
import type { AppEvents } from './app-events.js';
import { checkFile, parseFile } from './documents/import.js';
import type { DocumentStore } from './library/documents.js';
import type { Originals, StoredFile } from './library/originals.js';

/** Of one answer: what a message may hold without stopping others. */
const maxOriginalBytes = 1024 * 1024;

const cancelled = () => new FailureError('bad_request', 'The import was cancelled.');

export class Documents {
  readonly #store: DocumentStore;
  readonly #originals: Originals;
  readonly #startWorker: StartWorker;
  readonly #events: AppEvents;
  readonly #imports = new Map<string, AbortController>();

  constructor(
    store: DocumentStore,
    originals: Originals,
    startWorker: StartWorker,
    events: AppEvents,
  ) {
    this.#store = store;
    this.#originals = originals;
    this.#startWorker = startWorker;
    this.#events = events;
  }

  async importPath(path: string, importId: string): Promise<DocumentSummary> {
    const fileName = basename(path);
    await checkFile(path, fileName);
    return this.importStream(createReadStream(path), fileName, importId);
  }

  async importStream(
    source: Readable,
    fileName: string,
    importId: string,
  ): Promise<DocumentSummary> {
    const controller = new AbortController();
    const { signal } = controller;
    if (this.#imports.has(importId)) {
      throw new FailureError('bad_request', 'This import is already running.');
    }
    this.#imports.set(importId, controller);
    let stored: StoredFile | undefined;
    try {
      this.#report({ importId, fileName, stage: 'copying' });
      stored = await this.#originals.receive(source, fileName, signal);
      return await this.#add(stored, fileName, importId, signal);
    } catch (error) {
      throw signal.aborted ? cancelled() : error;
    } finally {
      source.destroy();
      this.#imports.delete(importId);
      if (stored) await this.#originals.discard(stored);
    }
  }

  cancel(importId: string): void {
    this.#imports.get(importId)?.abort(cancelled());
  }

  /** Bytes [start, end) of the file it came from, base64. */
  async original(id: string, start: number, end: number): Promise<string> {
    const { sha256 } = this.#store.get(id);
    const length = Math.min(end - start, maxOriginalBytes);
    return (await this.#originals.read(sha256, start, Math.max(0, length))).toString('base64');
  }

  async remove(id: string): Promise<void> {
    const { sha256 } = this.#store.remove(id);
    await this.#originals.remove(sha256);
    this.#events.emit({ type: 'library' });
  }

  close(): void {
    for (const controller of this.#imports.values()) controller.abort(cancelled());
  }

  async #add(
    stored: StoredFile,
    fileName: string,
    importId: string,
    signal: AbortSignal,
  ): Promise<DocumentSummary> {
    const existing = this.#store.findByHash(stored.sha256);
    if (existing) return existing;
    const report = (fraction: number) =>
      this.#report({ importId, fileName, stage: 'parsing', fraction });
    report(0);
    const parsed = await parseFile({
      path: stored.path,
      fileName,
      startWorker: this.#startWorker,
      signal,
      onProgress: report,
    });
    signal.throwIfAborted();
    this.#report({ importId, fileName, stage: 'saving' });
    // The file first: a row never points at an original that is not there.
    await this.#originals.keep(stored);
    const { bytes, sha256 } = stored;
    const document = this.#store.add(parsed, { fileName, bytes, sha256 });
    this.#events.emit({ type: 'library' });
    return document;
  }

  #report(progress: ImportProgress): void {
    this.#events.emit({ type: 'importing', progress });
  }
}
