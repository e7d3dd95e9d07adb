// Work that can wait until the window has nothing else to do, the latest asked for first: one task in each idle
// moment, so that a key pressed meanwhile never waits for long, and none between the frames of an animation or of
// an answer on its way.

/** The shortest idle moment that counts, ms: nothing is due for a while. Between frames there are at most 16. */
const idleEnough = 30;
/** After a moment too short, ms. */
const retryMs = 200;

interface Deadline {
  timeRemaining(): number;
}
export type RequestIdle = (callback: (deadline: Deadline) => void) => void;

/** Not every browser tells when it is idle: there a task runs now and then. */
const requestIdle: RequestIdle = (callback) => {
  if ('requestIdleCallback' in window) window.requestIdleCallback(callback);
  else globalThis.setTimeout(() => callback({ timeRemaining: () => idleEnough }), retryMs);
};

export class IdleTasks {
  readonly #waiting = new Set<() => void>();
  readonly #request: RequestIdle;
  #requested = false;

  constructor(request: RequestIdle = requestIdle) {
    this.#request = request;
  }

  /** Returns how to take the task back. */
  add(task: () => void): () => void {
    this.#waiting.add(task);
    this.#next();
    return () => void this.#waiting.delete(task);
  }

  #next(): void {
    if (this.#requested || this.#waiting.size === 0) return;
    this.#requested = true;
    this.#request((deadline) => {
      this.#requested = false;
      if (deadline.timeRemaining() >= idleEnough) {
        this.#runLatest();
        this.#next();
      } else setTimeout(() => this.#next(), retryMs);
    });
  }

  #runLatest(): void {
    const task = [...this.#waiting].at(-1);
    if (!task) return;
    this.#waiting.delete(task);
    task();
  }
}
