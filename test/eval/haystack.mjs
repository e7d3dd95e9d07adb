// Long text to hide things in: paragraphs of real books in another order for every seed. Books are the excerpt
// in test/fixtures, or every .txt file of a folder (--books). A text longer than the books repeats paragraphs.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fixture = fileURLToPath(new URL('../fixtures/novel.txt', import.meta.url));

export function readBooks(folder) {
  const files = folder
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.txt'))
        .sort()
        .map((name) => join(folder, name))
    : [fixture];
  if (files.length === 0) throw new Error(`There is no .txt file in ${folder}.`);
  return files.flatMap((file) => paragraphsOf(readFileSync(file, 'utf8')));
}

/** Paragraphs of at least a sentence, on one line each. */
function paragraphsOf(text) {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').trim())
    .filter((paragraph) => paragraph.length >= 60 && /[.!?”"]$/.test(paragraph));
}

/** Paragraphs of a set of books, and how many tokens a model makes of each. */
export class Haystack {
  #counts = new Map();

  /** `count`: text to number of tokens, a promise. */
  constructor(paragraphs, count) {
    this.paragraphs = paragraphs;
    this.count = count;
  }

  async tokensOf(paragraph) {
    let tokens = this.#counts.get(paragraph);
    if (tokens === undefined) {
      tokens = await this.count(`${paragraph}\n\n`);
      this.#counts.set(paragraph, tokens);
    }
    return tokens;
  }

  /** Shuffled paragraphs of at most `room` tokens together. */
  async fill(draw, room) {
    const chosen = [];
    let used = 0;
    for (;;) {
      for (const paragraph of draw.shuffled(this.paragraphs)) {
        const tokens = await this.tokensOf(paragraph);
        if (used + tokens > room) return chosen;
        used += tokens;
        chosen.push(paragraph);
      }
    }
  }

  /**
   * A document of nearly `room` tokens with each insert as a paragraph of its own: the i-th somewhere in the i-th
   * of as many equal stretches. Returns { text, depths }, depths as shares of the document.
   */
  async hide(draw, inserts, room) {
    let taken = 0;
    for (const insert of inserts) taken += await this.count(`${insert}\n\n`);
    const hay = await this.fill(draw, room - taken);
    const places = inserts.map((_, i) =>
      Math.floor(((i + draw.next()) / inserts.length) * (hay.length + 1)),
    );
    const pieces = [];
    for (let at = 0; at <= hay.length; at++) {
      inserts.forEach((insert, i) => {
        if (places[i] === at) pieces.push(insert);
      });
      if (at < hay.length) pieces.push(hay[at]);
    }
    const text = pieces.join('\n\n');
    return { text, depths: inserts.map((insert) => text.indexOf(insert) / text.length) };
  }
}
