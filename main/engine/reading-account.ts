// Adds up the one or two native reads of a request as if they were one.
import type { ReadingProgress, ReadResult } from '../../native/addon/index.js';

export interface ReadCounts {
  promptTokens: number;
  reusedTokens: number;
  readTokens: number;
  seconds: number;
}

export class ReadingAccount {
  readonly #onProgress: (progress: ReadingProgress) => void;
  readonly #counts: ReadCounts;

  constructor(promptTokens: number, onProgress: (progress: ReadingProgress) => void) {
    this.#counts = { promptTokens, reusedTokens: 0, readTokens: 0, seconds: 0 };
    this.#onProgress = onProgress;
  }

  get stats(): ReadCounts {
    return { ...this.#counts };
  }

  get complete(): boolean {
    const { promptTokens, reusedTokens, readTokens } = this.#counts;
    return reusedTokens + readTokens >= promptTokens;
  }

  /** Progress of the native read under way; `later`: tokens that another one will read. */
  step({ tokensDone, tokensTotal, seconds }: ReadingProgress, later: number): void {
    const { readTokens, seconds: before } = this.#counts;
    this.#onProgress({
      tokensDone: readTokens + tokensDone,
      tokensTotal: readTokens + tokensTotal + later,
      seconds: before + seconds,
    });
  }

  /** `last`: what this request did not read itself, it found. */
  add(result: ReadResult, last: boolean): void {
    const counts = this.#counts;
    counts.readTokens += result.readTokens;
    counts.seconds += result.seconds;
    if (last && !result.cancelled) counts.reusedTokens = counts.promptTokens - counts.readTokens;
  }

  reuseAll(): void {
    this.#counts.reusedTokens = this.#counts.promptTokens;
  }
}
