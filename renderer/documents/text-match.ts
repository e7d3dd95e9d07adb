// Finds a passage of a document's text on the page it was taken from. The two are not the same: the text was
// put in order, its hyphens joined and its ligatures taken apart. Only letters and digits are compared.

export interface Spot {
  /** Which string, and where in it. */
  item: number;
  offset: number;
}

export interface Match {
  from: Spot;
  /** The last character, inclusive. */
  to: Spot;
}

const kept = /[\p{L}\p{N}]/u;

/** The letters and digits of a text, comparable. */
export function essence(text: string): string {
  return [...text.normalize('NFKC')]
    .filter((each) => kept.test(each))
    .join('')
    .toLowerCase();
}

/** Occurrence `nth` (0-based; the last one there is if there are fewer) of `passage` in the items of a page. */
export function matchOnPage(items: readonly string[], passage: string, nth = 0): Match | null {
  const needle = essence(passage);
  if (needle === '') return null;
  const letters: string[] = [];
  const spots: Spot[] = [];
  items.forEach((text, item) => {
    let offset = 0;
    for (const character of text) {
      for (const letter of essence(character)) {
        letters.push(letter);
        spots.push({ item, offset });
      }
      offset += character.length;
    }
  });
  const page = letters.join('');
  let at = -1;
  for (let seen = 0; seen <= nth; seen += 1) {
    const next = page.indexOf(needle, at + 1);
    if (next < 0) break;
    at = next;
  }
  if (at < 0) return partly(page, needle, spots);
  return { from: spots[at]!, to: spots[at + needle.length - 1]! };
}

/** Of a passage that runs onto the next page, what is on this one. */
function partly(page: string, needle: string, spots: readonly Spot[]): Match | null {
  const least = Math.min(16, needle.length);
  for (let length = Math.min(needle.length, page.length); length >= least; length -= 1) {
    if (!page.endsWith(needle.slice(0, length))) continue;
    return { from: spots[page.length - length]!, to: spots[page.length - 1]! };
  }
  return null;
}

/** How often a passage stands in a text before a position. */
export function occurrencesBefore(text: string, passage: string): number {
  const needle = essence(passage);
  const haystack = essence(text);
  if (needle === '') return 0;
  let count = 0;
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1))
    count += 1;
  return count;
}
