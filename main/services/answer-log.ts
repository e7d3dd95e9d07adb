// The answer as it streams: shown at once, written to the library at most every half second, so that a kill
// loses no more than that.
import type { TurnStore } from './library/turns.js';

const writeEveryMs = 500;

export class AnswerLog {
  readonly #store: TurnStore;
  readonly #turnId: string;
  #text = '';
  #timer: NodeJS.Timeout | undefined;
  #failed: { error: unknown } | undefined;

  constructor(store: TurnStore, turnId: string) {
    this.#store = store;
    this.#turnId = turnId;
  }

  get text(): string {
    return this.#text;
  }

  append(text: string): void {
    this.#text += text;
    this.#timer ??= setTimeout(() => this.#write(), writeEveryMs);
  }

  /** Ends the writing. Throws what went wrong with it: an answer that cannot be kept is a failure. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#failed) throw this.#failed.error;
  }

  #write(): void {
    this.#timer = undefined;
    try {
      this.#store.setAnswer(this.#turnId, this.#text);
    } catch (error) {
      this.#failed = { error };
    }
  }
}
