// Full-text search while somebody types in the library's field.
import type { Bridge, SearchHits } from '../../main/contract/index.js';

const pauseMs = 200;
const leastCharacters = 3;

export class SearchStore {
  hits = $state.raw<SearchHits | null>(null);
  readonly #bridge: Bridge;
  #query = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  type(query: string): void {
    this.#query = query.trim();
    clearTimeout(this.#timer);
    if (this.#query.length < leastCharacters) this.hits = null;
    else this.#timer = setTimeout(() => void this.#search(query), pauseMs);
  }

  async #search(query: string): Promise<void> {
    try {
      const hits = await this.#bridge.call('search.find', { query });
      if (this.#query === query.trim()) this.hits = hits;
    } catch {
      this.hits = null; // titles are still found
    }
  }
}
