// The window's next animation frame. All that waits for it runs in one task of it, so that the page changes once.

/** A window that is hidden gets no frames: after so long what waits runs all the same, ms. */
const hiddenDelayMs = 250;

class NextFrame {
  #waiting = new Set<() => void>();
  /** What the frame that is running has still to run. */
  #due = new Set<() => void>();
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Runs `task` in the next frame, once however often it is asked for. What it throws is reported. */
  request(task: () => void): void {
    const asked = this.#waiting.size > 0;
    this.#waiting.add(task);
    if (asked) return;
    this.#frame = window.requestAnimationFrame(() => this.#run());
    this.#awaitHidden();
  }

  cancel(task: () => void): void {
    this.#due.delete(task);
    if (this.#waiting.delete(task) && this.#waiting.size === 0) this.#takeBack();
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
    this.#waiting = new Set();
    for (const task of this.#due) {
      try {
        task();
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

export const nextFrame = new NextFrame();
