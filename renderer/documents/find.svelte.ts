// Finding in the document on screen: asked of the app shortly after typing, one place after the other shown.
import type { Bridge, Result } from '../../main/contract/index.js';
import type { ViewerStore } from './viewer.svelte.js';

const pauseMs = 150;

export class FindStore {
  open = $state(false);
  query = $state('');
  found = $state.raw<Result<'documents.find'> | null>(null);
  /** Which of the places is shown. */
  at = $state(0);
  readonly #bridge: Bridge;
  readonly #viewer: ViewerStore;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge, viewer: ViewerStore) {
    this.#bridge = bridge;
    this.#viewer = viewer;
  }

  type(query: string): void {
    this.query = query;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#search(), pauseMs);
  }

  step(by: number): void {
    const count = this.found?.places.length ?? 0;
    if (count === 0) return;
    this.at = (this.at + by + count) % count;
    this.#show();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.open = false;
    this.found = null;
  }

  /** Another document is on screen: the same words are looked for there. */
  restart(): void {
    if (this.open && this.query.trim() !== '') void this.#search();
  }

  async #search(): Promise<void> {
    const { query } = this;
    const document = this.#viewer.document;
    this.found = null;
    if (!document || query.trim() === '') return;
    try {
      const call = { documentId: document.id, query };
      const found = await this.#bridge.call('documents.find', call);
      if (this.query !== query || this.#viewer.document !== document) return;
      this.found = found;
      this.at = 0;
      this.#show();
    } catch {
      // The document was deleted meanwhile: there is nothing to find.
    }
  }

  #show(): void {
    const place = this.found?.places[this.at];
    const document = this.#viewer.document;
    if (place && document) void this.#viewer.show(document.id, place);
  }
}
