// A growing answer cut into blocks that never change once closed, so that a long answer costs each frame only
// its last block. Markdown's own parser finds the cuts: of the top-level blocks in the open end, all but the
// last are closed for good. A last block that grows too long is cut inside: a list between items, a paragraph
// after a sentence.
import type { Token } from 'markdown-it';
import type { Markdown } from './parse.js';

export interface Block {
  /** Offset of `source` in the answer. */
  offset: number;
  source: string;
  closed: boolean;
}

/** A block longer than this is cut, in characters: about a page and a half. */
const longestOpen = 6_000;

export class AnswerBlocks {
  readonly #markdown: Markdown;
  #closed: Block[] = [];
  #end = 0; // where the closed blocks end
  #answer = '';

  constructor(markdown: Markdown) {
    this.#markdown = markdown;
  }

  /** The blocks of `answer`. Closed blocks keep their identity as long as the answer only grows. */
  update(answer: string, finished: boolean): Block[] {
    if (!answer.startsWith(this.#answer.slice(0, this.#end))) this.#forget();
    this.#answer = answer;
    this.#closeBlocks();
    const open = answer.slice(this.#end);
    if (open.trim() === '') return this.#closed;
    return [...this.#closed, { offset: this.#end, source: open, closed: finished }];
  }

  #forget(): void {
    this.#closed = [];
    this.#end = 0;
  }

  #closeBlocks(): void {
    const open = this.#answer.slice(this.#end);
    const tokens: Token[] = [];
    this.#markdown.block.parse(open, this.#markdown, {}, tokens);
    const starts = topLevelStarts(tokens);
    const lines = lineOffsets(open);
    const cuts = starts.slice(1).map((line) => lines[line]!);
    const lastStart = cuts.at(-1) ?? 0;
    if (open.length - lastStart > longestOpen) {
      const inside = cutInside(open.slice(lastStart), tokens, starts.at(-1) ?? 0, lines, lastStart);
      if (inside !== null) cuts.push(lastStart + inside);
    }
    this.#closeAt(cuts, open);
  }

  #closeAt(cuts: number[], open: string): void {
    if (cuts.length === 0) return;
    const offset = this.#end;
    let from = 0;
    const added = cuts.map((to) => {
      const block = { offset: offset + from, source: open.slice(from, to), closed: true };
      from = to;
      return block;
    });
    this.#closed = [...this.#closed, ...added];
    this.#end = offset + from;
  }
}

/** First line of each top-level block. */
function topLevelStarts(tokens: readonly Token[]): number[] {
  return tokens
    .filter((token) => token.level === 0 && token.nesting >= 0 && token.map)
    .map((token) => token.map![0]);
}

function lineOffsets(text: string): number[] {
  const offsets = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) offsets.push(at + 1);
  return offsets;
}

/** Where to cut the last block, as an offset in it; null when it must stay whole (code, tables). */
function cutInside(
  block: string,
  tokens: readonly Token[],
  startLine: number,
  lines: number[],
  blockStart: number,
): number | null {
  const first = tokens.find((token) => token.level === 0 && token.map?.[0] === startLine);
  if (first?.type === 'paragraph_open') {
    const sentence = block.lastIndexOf('. ', longestOpen);
    return sentence > 0 ? sentence + 2 : null;
  }
  if (first?.type !== 'bullet_list_open' && first?.type !== 'ordered_list_open') return null;
  const items = tokens.filter(
    (token) => token.type === 'list_item_open' && token.level === 1 && token.map![0] > startLine,
  );
  const last = items.at(-1);
  return last ? lines[last.map![0]]! - blockStart : null;
}
