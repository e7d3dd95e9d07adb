// Which heads look up what a model answers with: those that attend to a planted fact while it is said. Watched
// while a calibration asks for facts exactly read; afterwards their attention tells where an answer comes from.
import type { AttentionHeads } from '../contract/index.js';

/** Heads of one layer and all layers. */
export interface Shape {
  layers: number;
  heads: number;
}

/** Facts that heads are watched at: the first so many that are answered right. */
const mostAnswers = 4;
/** Their attention over a whole prompt is held at once, in floats. */
const mostValues = 128 * 1024 * 1024;
/** A head with less attention to the fact than this, or than half of the strongest, is not one of them. */
const leastAttention = 0.1;
const mostHeads = 8;

export class LookingHeads {
  readonly #all: AttentionHeads;
  readonly #paid: Float64Array;
  #answers = 0;

  /** `tokens`: of the longest prompt. */
  constructor({ layers, heads }: Shape, tokens: number) {
    const all = layers * heads * tokens <= mostValues ? layers * heads : 0;
    this.#all = Array.from({ length: all }, (_, at) => [Math.floor(at / heads), at % heads]);
    this.#paid = new Float64Array(all);
  }

  /** What to watch now; empty: enough was seen, or the model is too large to be watched whole. */
  get watch(): AttentionHeads {
    return this.#answers < mostAnswers ? this.#all : [];
  }

  /** Of a right answer: the share of each head's attention that went to the fact. */
  saw(paid: readonly number[]): void {
    if (paid.length !== this.#all.length || paid.length === 0) return;
    this.#answers += 1;
    paid.forEach((share, at) => (this.#paid[at]! += share));
  }

  /** The strongest first; undefined when no answer was right, so that nothing is known. */
  get found(): AttentionHeads | undefined {
    if (this.#answers === 0) return undefined;
    const ranked = this.#all
      .map((head, at) => ({ head, paid: (this.#paid[at] ?? 0) / this.#answers }))
      .sort((one, other) => other.paid - one.paid);
    const least = Math.max(leastAttention, (ranked[0]?.paid ?? 0) / 2);
    const strong = ranked.filter(({ paid }) => paid >= least).slice(0, mostHeads);
    return strong.map(({ head }) => head);
  }
}
