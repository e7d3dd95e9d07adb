import { describe, expect, test } from 'vitest';
import { AnswerBlocks, type Block } from '../../../renderer/markdown/answer-blocks.js';
import { markdown } from '../../../renderer/markdown/parse.js';

const answer = [
  '# Payment\n',
  'Three things are said.\n',
  '1. Nobody asked.\n2. The ferry took honey.\n',
  '| a | b |\n| - | -: |\n| 1 | 2 |\n',
  '```js\nconst a = 1;\n\nconst b = 2;\n```\n',
  'The end.',
].join('\n');

const whole = (blocks: readonly Block[]) => blocks.map(({ source }) => source).join('');

describe('an answer in blocks', () => {
  test('is the answer, block after block, at every length', () => {
    const parser = new AnswerBlocks(markdown);
    for (let length = 1; length <= answer.length; length += 1) {
      const blocks = parser.update(answer.slice(0, length), false);
      expect(whole(blocks).trimEnd()).toBe(answer.slice(0, length).trimEnd());
      for (const { offset, source } of blocks)
        expect(answer.slice(offset, offset + source.length)).toBe(source);
    }
  });

  test('keeps closed blocks as they are while the answer grows', () => {
    const parser = new AnswerBlocks(markdown);
    const early = parser.update(answer.slice(0, 60), false);
    const later = parser.update(answer, false);
    const closed = early.filter((block) => block.closed);
    expect(closed.length).toBeGreaterThan(0);
    for (const [index, block] of closed.entries()) expect(later[index]).toBe(block);
  });

  test('does not cut inside code or a table', () => {
    const blocks = new AnswerBlocks(markdown).update(answer, true);
    expect(blocks.map(({ source }) => source.trim().split('\n')[0])).toEqual([
      '# Payment',
      'Three things are said.',
      '1. Nobody asked.',
      '| a | b |',
      '```js',
      'The end.',
    ]);
  });

  test('begins anew when the answer is another one', () => {
    const parser = new AnswerBlocks(markdown);
    parser.update(answer, true);
    expect(whole(parser.update('Something else.\n\nEntirely.', true))).toBe(
      'Something else.\n\nEntirely.',
    );
  });

  test('cuts a paragraph without end after a sentence', () => {
    const long = 'A sentence of some length stands here. '.repeat(400);
    const parser = new AnswerBlocks(markdown);
    let most = 0;
    for (let length = 0; length <= long.length; length += 390) {
      const blocks = parser.update(long.slice(0, length), false);
      most = Math.max(most, blocks.at(-1)?.source.length ?? 0);
    }
    expect(most).toBeLessThan(7_000);
    for (const { source } of parser.update(long, false).slice(0, -1))
      expect(source).toMatch(/\. $/);
  });
});
