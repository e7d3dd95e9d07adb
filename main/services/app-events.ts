// The one stream of events from services to the window.
import type { AppEvent } from '../contract/index.js';

export class AppEvents {
  readonly #listeners = new Set<(event: AppEvent) => void>();

  emit(event: AppEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  on(listener: (event: AppEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
