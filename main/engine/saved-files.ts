// Tries the files a reading may be found in, and remembers what came of it.
import type { NativeSession, ReadingProgress, Sparsity } from '../../native/addon/index.js';
import type { ReadStats } from '../contract/index.js';

export class SavedFiles {
  readonly #session: NativeSession;
  readonly #paths: readonly string[];
  readonly account: Pick<ReadStats, 'restored' | 'refused'> = {};

  constructor(session: NativeSession, paths: readonly string[]) {
    this.#session = session;
    this.#paths = paths;
  }

  /** Makes the session hold what the first useful file has of `tokens`; answers what each layer kept of it. */
  async restore(
    tokens: Int32Array,
    sparsity: Sparsity | null,
    onProgress: (progress: ReadingProgress) => void,
  ): Promise<number[] | undefined> {
    for (const path of this.#paths) {
      const found = await this.#session.restore(path, tokens, sparsity, onProgress);
      if (found.outcome === 'cancelled') return undefined;
      if (found.outcome === 'restored') {
        this.account.restored = { path, tokens: found.tokens, seconds: found.seconds };
        return found.keptFraction;
      }
      if (found.outcome === 'no_gain') continue;
      this.account.refused = [...(this.account.refused ?? []), { path, reason: found.reason }];
    }
    return undefined;
  }
}
