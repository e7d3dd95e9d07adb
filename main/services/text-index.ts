// A text made comparable: quotation marks, dashes and white space are levelled so that a quotation can be found
// however it was typed, and every position leads back to the original text exactly.

/** One for one, so that only runs of white space shift positions. */
function level(text: string): string {
  return text
    .replace(/[“”„‟«»″＂]/g, '"')
    .replace(/[‘’‚‛′‹›]/g, "'")
    .replace(/[‐‑‒–—―−]/g, '-')
    .replace(/[\t\n\v\f\r\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]/g, ' ');
}

/** A quotation in the form texts are indexed in. */
export function levelled(quotation: string): string {
  return level(quotation).replace(/ +/g, ' ').trim();
}

/** Lower case without changing the length: the few letters that would grow keep their case. */
export function folded(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return text
    .replace(/\P{ASCII}/gu, (letter) => {
      const small = letter.toLowerCase();
      return small.length === letter.length ? small : letter;
    })
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const wordCharacter = /[\p{L}\p{N}\p{M}_]/u;

export class TextIndex {
  readonly original: string;
  private readonly text: string;
  private lower: string | undefined;
  /** Where runs of white space were shortened: position after it in `text`, and characters left out so far. */
  private readonly shifts: { at: number[]; by: number[] } = { at: [], by: [] };

  constructor(original: string) {
    this.original = original;
    const source = level(original);
    const pieces: string[] = [];
    let from = 0;
    let removed = 0;
    for (let run = source.indexOf('  '); run >= 0; run = source.indexOf('  ', from)) {
      let end = run + 2;
      while (source.charCodeAt(end) === 32) end += 1;
      pieces.push(source.slice(from, run + 1));
      removed += end - run - 1;
      this.shifts.at.push(end - removed);
      this.shifts.by.push(removed);
      from = end;
    }
    pieces.push(source.slice(from));
    this.text = pieces.join('');
  }

  /** Ranges in the original, at most `limit`, where the levelled quotation stands, as whole words if need be. */
  find(
    quotation: string,
    limit: number,
    { ignoreCase = false, partsOfWords = false } = {},
  ): { start: number; end: number }[] {
    const haystack = ignoreCase ? (this.lower ??= folded(this.text)) : this.text;
    const needle = ignoreCase ? folded(quotation) : quotation;
    const ranges: { start: number; end: number }[] = [];
    if (needle === '') return ranges;
    for (
      let at = haystack.indexOf(needle);
      at >= 0 && ranges.length < limit;
      at = haystack.indexOf(needle, at + 1)
    ) {
      const end = at + needle.length;
      if (partsOfWords || (!this.splitsWord(at) && !this.splitsWord(end))) {
        ranges.push({ start: this.toOriginal(at), end: this.toOriginal(end - 1) + 1 });
      }
    }
    return ranges;
  }

  private splitsWord(at: number): boolean {
    // Code points, so that letters outside the basic plane count as letters.
    const before = /[\uDC00-\uDFFF]/.test(this.text[at - 1] ?? '')
      ? this.text.slice(at - 2, at)
      : (this.text[at - 1] ?? '');
    const after = String.fromCodePoint(this.text.codePointAt(at) ?? 32);
    return wordCharacter.test(before) && wordCharacter.test(after);
  }

  private toOriginal(position: number): number {
    const { at, by } = this.shifts;
    let low = 0;
    let high = at.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((at[middle] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return position + (low === 0 ? 0 : (by[low - 1] as number));
  }
}
