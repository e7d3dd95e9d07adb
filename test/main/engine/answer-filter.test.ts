// Thoughts and white space before an answer, in pieces of every size.
import { describe, expect, test } from 'vitest';
import { AnswerFilter } from '../../../main/engine/answer-filter.js';

function shown(text: string, size: number): string {
  let out = '';
  const filter = new AnswerFilter((piece) => (out += piece));
  for (let at = 0; at < text.length; at += size) filter.push(text.slice(at, at + size));
  filter.finish();
  return out;
}

describe.each([1, 2, 3, 7, 1000])('in pieces of %i', (size) => {
  test.each([
    ['An answer.', 'An answer.'],
    [' \n An answer. ', 'An answer. '],
    ['<think>\nHm, 1 < 2.\n</think>\n\nTwo.', 'Two.'],
    ['\n<think></think>Two. <think> stays.', 'Two. <think> stays.'],
    ['[THINK]a[/THINK] b', 'b'],
    ['<thin ice', '<thin ice'],
    ['<think>never ends', ''],
    ['<thi', '<thi'],
    ['', ''],
  ])('%j', (said, answer) => {
    expect(shown(said, size)).toBe(answer);
  });
});
