// An App that remembers what it was asked and says what the test tells it to.
import { Readable } from 'node:stream';
import {
  FailureError,
  type AppEvent,
  type CheckedBackup,
  type DocumentSummary,
} from '../../../main/contract/index.js';
import type { App } from '../../../main/services/types.js';

export class StubApp implements App {
  readonly calls: { method: string; params: unknown }[] = [];
  readonly uploads: { name: string; importId: string; bytes: number }[] = [];
  answer: (method: string, params: unknown) => unknown = () => ({});
  readonly #listeners = new Set<(event: AppEvent) => void>();

  async handle(method: string, params: unknown): Promise<unknown> {
    this.calls.push({ method, params });
    return this.answer(method, params);
  }

  onEvent(listener: (event: AppEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listening(): number {
    return this.#listeners.size;
  }

  emit(event: AppEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async importStream(stream: Readable, name: string, importId: string): Promise<DocumentSummary> {
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    this.uploads.push({ name, importId, bytes });
    return {
      id: 'd1',
      title: name,
      fileName: name,
      kind: 'text',
      bytes,
      sha256: '0'.repeat(64),
      characters: bytes,
      anchorKind: 'lines',
      anchorCount: 1,
      warnings: [],
      createdAt: 0,
    };
  }

  backup = { id: 'b1', bytes: Buffer.from('a zip') };
  readonly restores: number[] = [];

  takeBackup(backupId: string): { fileName: string; stream: Readable } {
    if (backupId !== this.backup.id) throw new FailureError('not_found', 'No such backup.');
    return { fileName: 'Longleaf 2026-01-01.zip', stream: Readable.from([this.backup.bytes]) };
  }

  async receiveBackup(stream: Readable, announced: number): Promise<CheckedBackup> {
    if (announced > 1_000_000) throw new FailureError('storage', 'The disk has no room for it.');
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    this.restores.push(bytes);
    const counts = { documents: 1, conversations: 2, turns: 3, missing: 0 };
    return { restoreId: 'r1', createdAt: 0, app: '0.1.0', bytes, ...counts };
  }

  async close(): Promise<void> {}
}
