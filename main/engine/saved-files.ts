// Tries the files a reading may be found in, and remembers what came of it.
import type { NativeSession, ReadingProgress, Sparsity } from '../../native/addon/index.js';
import type { ReadingFiles, ReadStats } from '../contract/index.js';

export class SavedFiles {
  readonly #session: NativeSession;
  readonly #files: ReadingFiles['restore'];
  readonly account: Pick<ReadStats, 'restored' | 'refused'> = {};

  constructor(session: NativeSession, files: ReadingFiles['restore']) {
    this.#session = session;
    this.#files = files;
  }

  /** Makes the session hold what the first useful file has of `tokens`; answers what each layer kept of it. */
  async restore(
    tokens: Int32Array,
    sparsity: Sparsity | null,
    onProgress: (progress: ReadingProgress) => void,
  ): Promise<number[] | undefined> {
    for (const { path, keptFraction } of this.#files) {
      const found = await this.#session.restore(path, tokens, sparsity, onProgress);
      if (found.outcome === 'cancelled') return undefined;
      if (found.outcome === 'restored') {
        this.account.restored = { path, tokens: found.tokens, seconds: found.seconds };
        return keptFraction;
      }
      if (found.outcome === 'no_gain') continue;
      this.account.refused = [...(this.account.refused ?? []), { path, reason: found.reason }];
    }
    return undefined;
  }
}
