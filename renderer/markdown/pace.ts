// Keeps costly renderings from eating every frame: after one that took t, the next waits 3 t, and of those asked
// for meanwhile only the last happens. A cheap rendering, the usual case, is never put off.

const restPerWork = 3;
/** Cheaper than this may happen in every frame, ms. */
const cheapMs = 6;

export class Pace {
  #notBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  run(render: () => void): void {
    clearTimeout(this.#timer);
    const wait = this.#notBefore - performance.now();
    if (wait <= 0) this.#render(render);
    else this.#timer = setTimeout(() => this.#render(render), wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #render(render: () => void): void {
    const begin = performance.now();
    render();
    const cost = performance.now() - begin;
    this.#notBefore = cost < cheapMs ? 0 : begin + cost * (1 + restPerWork);
  }
}
