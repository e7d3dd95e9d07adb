// Keeps costly renderings from eating every frame: after one that took t, the next waits 3 t, and of those asked
// for meanwhile only the last happens. A cheap rendering, the usual case, is never put off.
import { windowClock, type FrameClock } from '../ui/frame-batch.js';

const restPerWork = 3;
/** Cheaper than this may happen in every frame, ms. */
const cheapMs = 6;

export class Pace {
  #notBefore = 0;
  #handle: number | undefined;
  readonly #again: () => void;
  readonly #clock: FrameClock;

  /** `again` is called in the next frame after a rendering was put off: what should be shown then is run again. */
  constructor(again: () => void, clock: FrameClock = windowClock) {
    this.#again = again;
    this.#clock = clock;
  }

  run(render: () => void): void {
    this.stop();
    const begin = performance.now();
    if (begin < this.#notBefore) {
      this.#handle = this.#clock.request(this.#again);
      return;
    }
    render();
    const cost = performance.now() - begin;
    this.#notBefore = cost < cheapMs ? 0 : begin + cost * (1 + restPerWork);
  }

  stop(): void {
    if (this.#handle !== undefined) this.#clock.cancel(this.#handle);
    this.#handle = undefined;
  }
}
