// Collects what arrives and hands it over at most once per animation frame, so that a stream of tokens costs
// one state assignment per frame.

export interface FrameClock {
  request(callback: () => void): number;
  cancel(handle: number): void;
}

/** A window that is hidden gets no frames: after so long its callbacks run all the same, ms. */
const hiddenDelayMs = 250;

/** All that is asked for before a frame runs in it together, in one task: the page then changes once in it. */
class WindowClock implements FrameClock {
  #waiting = new Map<number, () => void>();
  /** What the frame that is running has still to run. */
  #due = new Map<number, () => void>();
  #lastHandle = 0;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  request(callback: () => void): number {
    this.#lastHandle += 1;
    this.#waiting.set(this.#lastHandle, callback);
    if (this.#waiting.size === 1) {
      this.#frame = window.requestAnimationFrame(() => this.#run());
      this.#awaitHidden();
    }
    return this.#lastHandle;
  }

  cancel(handle: number): void {
    this.#due.delete(handle);
    if (this.#waiting.delete(handle) && this.#waiting.size === 0) this.#takeBack();
  }

  /** Looks again and again: a window may be hidden after the frame was asked for. */
  #awaitHidden(): void {
    this.#timer = setTimeout(() => {
      if (document.hidden) this.#run();
      else this.#awaitHidden();
    }, hiddenDelayMs);
  }

  #run(): void {
    this.#takeBack();
    this.#due = this.#waiting;
    this.#waiting = new Map();
    for (const callback of this.#due.values()) {
      try {
        callback();
      } catch (error) {
        reportError(error);
      }
    }
  }

  #takeBack(): void {
    window.cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
  }
}

export const windowClock: FrameClock = new WindowClock();

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
