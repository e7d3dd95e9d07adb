// The engine reads or answers one thing at a time. Whoever comes later waits its turn; waiting can be given up.
import { unlessAborted } from './abort.js';

export class EngineLane {
  #last: Promise<void> = Promise.resolve();

  /** Runs `work` after everything queued before it. Given up while waiting: `work` never runs, undefined. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    const before = this.#last;
    let release = () => {};
    this.#last = new Promise((resolve) => (release = resolve));
    try {
      await unlessAborted(signal, before);
      return signal.aborted ? undefined : await work();
    } finally {
      // Those behind still wait for everything before, even when this one gave up early.
      void before.then(release);
    }
  }
}
