// Collects what arrives and hands it over at most once per animation frame, so that a stream of tokens costs
// one state assignment per frame. A hidden window gets no frames: a timer takes over there.

export interface FrameClock {
  request(callback: () => void): number;
  cancel(handle: number): void;
}

const hiddenDelayMs = 250;

export const windowClock: FrameClock = {
  request: (callback) =>
    document.hidden
      ? -window.setTimeout(callback, hiddenDelayMs)
      : window.requestAnimationFrame(callback),
  cancel: (handle) =>
    handle < 0 ? window.clearTimeout(-handle) : window.cancelAnimationFrame(handle),
};

export class FrameBatch<T> {
  #queue: T[] = [];
  #handle: number | undefined;
  readonly #deliver: (items: T[]) => void;
  readonly #clock: FrameClock;

  constructor(deliver: (items: T[]) => void, clock: FrameClock = windowClock) {
    this.#deliver = deliver;
    this.#clock = clock;
  }

  add(item: T): void {
    this.#queue.push(item);
    this.#handle ??= this.#clock.request(() => this.flush());
  }

  /** Delivers now what would have waited for the next frame. */
  flush(): void {
    this.#forgetRequest();
    const items = this.#queue;
    if (items.length === 0) return;
    this.#queue = [];
    this.#deliver(items);
  }

  /** Drops what is queued. */
  clear(): void {
    this.#forgetRequest();
    this.#queue = [];
  }

  #forgetRequest(): void {
    if (this.#handle !== undefined) this.#clock.cancel(this.#handle);
    this.#handle = undefined;
  }
}
