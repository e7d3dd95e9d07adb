// Files on their way into the library, one row each until they arrive, fail or are cancelled.
import type {
  Bridge,
  DocumentSummary,
  Failure,
  ImportProgress,
} from '../../main/contract/index.js';
import { failureOf } from '../bridge/bridge-error.js';
import { FrameBatch } from '../ui/frame-batch.js';

export interface Import {
  id: string;
  name: string;
  stage: ImportProgress['stage'] | 'waiting' | 'cancelling';
  /** 0 to 1 over the present stage; null when unknown. */
  fraction: number | null;
  failure: Failure | null;
}

/** Parsing is a process of its own; more at once would only make each slower. */
const atOnce = 2;

export class Imports {
  items = $state.raw<Import[]>([]);
  readonly #bridge: Bridge;
  readonly #queue: (() => void)[] = [];
  readonly #progress = new FrameBatch<ImportProgress>((progress) => this.#show(progress));
  #running = 0;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  get busy(): boolean {
    return this.items.some((item) => item.failure === null);
  }

  /** Resolves to the documents that arrived, in the order given. */
  async add(files: readonly File[]): Promise<DocumentSummary[]> {
    const entries = files.map((file) => ({ id: crypto.randomUUID(), file }));
    this.items = [
      ...this.items.filter((item) => item.failure === null),
      ...entries.map(({ id, file }) => waiting(id, file.name)),
    ];
    const results = await Promise.all(entries.map(({ id, file }) => this.#import(id, file)));
    return results.filter((result) => result !== null);
  }

  receive(progress: ImportProgress): void {
    this.#progress.add(progress);
  }

  #show(progress: readonly ImportProgress[]): void {
    const latest = new Map(progress.map((each) => [each.importId, each]));
    this.items = this.items.map((item) => {
      const now = latest.get(item.id);
      if (!now || item.stage === 'cancelling') return item;
      return { ...item, stage: now.stage, fraction: now.fraction ?? null };
    });
  }

  cancel(id: string): void {
    this.#change(id, { stage: 'cancelling', fraction: null });
    this.#bridge.call('documents.cancelImport', { importId: id }).catch(() => {});
  }

  dismiss(id: string): void {
    this.items = this.items.filter((item) => item.id !== id);
  }

  dismissFailed(): void {
    this.items = this.items.filter((item) => item.failure === null);
  }

  async #import(id: string, file: File): Promise<DocumentSummary | null> {
    await this.#turn();
    let document: DocumentSummary | null = null;
    if (!this.#cancelling(id)) {
      this.#change(id, { stage: 'copying' });
      try {
        document = await this.#bridge.importFile(file, id);
      } catch (error) {
        if (!this.#cancelling(id)) this.#change(id, { failure: failureOf(error) });
      }
    }
    if (document || this.#cancelling(id)) this.dismiss(id);
    this.#running -= 1;
    this.#queue.shift()?.();
    return document;
  }

  #cancelling(id: string): boolean {
    return this.#item(id)?.stage === 'cancelling';
  }

  async #turn(): Promise<void> {
    if (this.#running >= atOnce) await new Promise<void>((go) => this.#queue.push(go));
    this.#running += 1;
  }

  #item(id: string): Import | undefined {
    return this.items.find((item) => item.id === id);
  }

  #change(id: string, change: Partial<Import>): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, ...change } : item));
  }
}

const waiting = (id: string, name: string): Import => ({
  id,
  name,
  stage: 'waiting',
  fraction: null,
  failure: null,
});
