// Collects what arrives and hands it over at most once per animation frame, so that a stream of tokens costs
// one state assignment per frame.
import { nextFrame } from './next-frame.js';

export class FrameBatch<T> {
  #queue: T[] = [];
  readonly #deliver: (items: T[]) => void;
  readonly #flush = () => this.flush();

  constructor(deliver: (items: T[]) => void) {
    this.#deliver = deliver;
  }

  add(item: T): void {
    this.#queue.push(item);
    nextFrame.request(this.#flush);
  }

  /** Delivers now what would have waited for the next frame. */
  flush(): void {
    const items = this.#queue;
    this.clear();
    if (items.length > 0) this.#deliver(items);
  }

  /** Drops what is queued. */
  clear(): void {
    nextFrame.cancel(this.#flush);
    this.#queue = [];
  }
}
