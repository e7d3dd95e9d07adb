// Speed and time left of a reading, smoothed so that they can be read.

export interface Rate {
  tokensPerSecond: number;
  /** Null until it can be told. */
  etaSeconds: number | null;
}

/** The estimate follows changes of speed within about this time. */
const memorySeconds = 4;
const silentSeconds = 1;

export class ReadingRate {
  #done = 0;
  #seconds = 0;
  #rate = 0;
  #started = false;

  /** `seconds` since the reading began; both only grow. */
  update(tokensDone: number, tokensTotal: number, seconds: number): Rate {
    const step = seconds - this.#seconds;
    if (!this.#started) {
      // Tokens present at the first report may be reused ones: they say nothing about speed.
      this.#started = true;
      this.#done = tokensDone;
      this.#seconds = seconds;
      this.#rate = seconds > 0 ? tokensDone / seconds : 0;
    } else if (step > 0) {
      const now = Math.max(0, tokensDone - this.#done) / step;
      const weight = this.#rate === 0 ? 1 : 1 - Math.exp(-step / memorySeconds);
      this.#rate += (now - this.#rate) * weight;
      this.#done = tokensDone;
      this.#seconds = seconds;
    }
    const left = tokensTotal - tokensDone;
    const known = seconds >= silentSeconds && this.#rate > 0;
    return { tokensPerSecond: this.#rate, etaSeconds: known ? left / this.#rate : null };
  }
}
