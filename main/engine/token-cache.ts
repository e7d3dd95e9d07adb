// Tokens of documents, so that a follow-up question does not tokenise a book again. Found by id and hash of
// the text; the ones unused for longest go first.
import { createHash } from 'node:crypto';

/** 64 MiB: a few of the longest prompts any model here can take. */
const mostTokens = 16 * 1024 * 1024;
/** Shorter texts are tokenised faster than they are worth keeping. */
const leastCharacters = 2000;

export class TokenCache {
  readonly #kept = new Map<string, Int32Array>();
  #tokens = 0;

  async get(id: string, text: string, tokenize: () => Promise<Int32Array>): Promise<Int32Array> {
    if (text.length < leastCharacters) return tokenize();
    const key = `${id} ${createHash('sha256').update(text).digest('base64')}`;
    const found = this.#kept.get(key);
    if (found) {
      this.#kept.delete(key);
      this.#kept.set(key, found); // used last
      return found;
    }
    const tokens = await tokenize();
    if (!this.#kept.has(key)) this.#tokens += tokens.length;
    this.#kept.set(key, tokens);
    this.#shrink();
    return tokens;
  }

  #shrink(): void {
    for (const [key, tokens] of this.#kept) {
      if (this.#tokens <= mostTokens || this.#kept.size === 1) return;
      this.#kept.delete(key);
      this.#tokens -= tokens.length;
    }
  }
}
