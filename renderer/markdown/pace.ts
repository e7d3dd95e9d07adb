// Keeps costly renderings from eating every frame: after one that took t, the next waits 3 t, and of those asked
// for meanwhile only the last happens. A cheap rendering, the usual case, is never put off.
import { nextFrame } from '../ui/next-frame.js';

const restPerWork = 3;
/** Cheaper than this may happen in every frame, ms. */
const cheapMs = 6;

export class Pace {
  #notBefore = 0;
  readonly #again: () => void;

  /**
   * `again` is called in the next frame after a rendering was put off: whoever shows something then runs it again,
   * together with whatever else that frame changes.
   */
  constructor(again: () => void) {
    this.#again = again;
  }

  run(render: () => void): void {
    this.stop();
    const begin = performance.now();
    if (begin < this.#notBefore) {
      nextFrame.request(this.#again);
      return;
    }
    render();
    const cost = performance.now() - begin;
    this.#notBefore = cost < cheapMs ? 0 : begin + cost * (1 + restPerWork);
  }

  stop(): void {
    nextFrame.cancel(this.#again);
  }
}
