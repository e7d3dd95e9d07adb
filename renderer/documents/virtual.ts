// Which anchors are on screen, from heights that are estimated until measured. Pure arithmetic.

export interface Window {
  from: number;
  /** Exclusive. */
  to: number;
  /** Height of everything before `from`, px. */
  before: number;
  /** Height of everything from `to` on, px. */
  after: number;
}

export class Heights {
  readonly #estimates: readonly number[];
  readonly #measured = new Map<number, number>();
  #tops: number[] | null = null; // tops[i] is where item i begins; one entry more than items

  constructor(estimates: readonly number[]) {
    this.#estimates = estimates;
  }

  get count(): number {
    return this.#estimates.length;
  }

  /** True when the measurement changed anything worth a new layout. */
  measure(index: number, height: number): boolean {
    if (Math.abs(this.heightOf(index) - height) < 1) return false;
    this.#measured.set(index, height);
    this.#tops = null;
    return true;
  }

  heightOf(index: number): number {
    return this.#measured.get(index) ?? this.#estimates[index] ?? 0;
  }

  topOf(index: number): number {
    return this.#layout()[Math.min(index, this.count)] ?? 0;
  }

  get total(): number {
    return this.topOf(this.count);
  }

  /** The item that `y` falls in. */
  at(y: number): number {
    const tops = this.#layout();
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (tops[middle]! <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  window(scrollTop: number, viewport: number, margin: number): Window {
    if (this.count === 0) return { from: 0, to: 0, before: 0, after: 0 };
    const from = this.at(Math.max(0, scrollTop - margin));
    const to = this.at(scrollTop + viewport + margin) + 1;
    return { from, to, before: this.topOf(from), after: this.total - this.topOf(to) };
  }

  #layout(): number[] {
    if (this.#tops) return this.#tops;
    const tops = [0];
    for (let index = 0; index < this.count; index += 1)
      tops.push(tops[index]! + this.heightOf(index));
    this.#tops = tops;
    return tops;
  }
}

/** A first guess: characters that fill lines of the measure, plus a heading. */
export function estimateHeight(
  characters: number,
  perLine: number,
  lineHeight: number,
  extra: number,
): number {
  return Math.ceil(characters / perLine + 1) * lineHeight + extra;
}
