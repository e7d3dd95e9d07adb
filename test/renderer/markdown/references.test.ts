import { describe, expect, test } from 'vitest';
import {
  insertMarks,
  markPattern,
  undigits,
  withoutMarks,
} from '../../../renderer/markdown/references.js';

/** [ and ] for the marks, so that a test can be read. */
const readable = (text: string): string =>
  text.replace(/([\uE000\uE001])([\uE010-\uE019]+)/g, (_, kind: string, digits: string) =>
    kind === '\uE000' ? `[${undigits(digits)}:` : `:${undigits(digits)}]`,
  );

const reference = (number: number, start: number, end: number) => ({
  number,
  start,
  end,
  label: `Page ${number}`,
});

describe('marks are put around a quotation', () => {
  const answer = 'It says: the code is 48213. So it is.';

  test('where it stands in the answer', () => {
    expect(readable(insertMarks(answer, 0, [reference(1, 9, 27)]))).toBe(
      'It says: [1:the code is 48213.:1] So it is.',
    );
  });

  test('relative to the block it is in; others are left out', () => {
    const block = answer.slice(9);
    const references = [reference(1, 0, 2), reference(2, 9, 27), reference(3, 100, 120)];
    expect(readable(insertMarks(block, 9, references))).toBe('[2:the code is 48213.:2] So it is.');
  });

  test('only its end when it began in an earlier block', () => {
    expect(readable(insertMarks(answer.slice(20), 20, [reference(1, 9, 27)]))).toBe(
      ' 48213.:1] So it is.',
    );
  });

  test('inside quotation marks, so that those can still be set', () => {
    const quoted = 'He said "write it down" twice.';
    expect(readable(insertMarks(quoted, 0, [reference(12, 8, 23)]))).toBe(
      'He said "[12:write it down:12]" twice.',
    );
  });

  test('one closing before the next opens at the same place', () => {
    expect(readable(insertMarks('abcdef', 0, [reference(1, 0, 3), reference(2, 3, 6)]))).toBe(
      '[1:abc:1][2:def:2]',
    );
  });
});

test('marks a model writes itself mean nothing', () => {
  const forged = 'x\uE000\uE011y\uE001\uE011z';
  expect(markPattern.test(withoutMarks(forged))).toBe(false);
  expect(markPattern.test(insertMarks(forged, 0, []))).toBe(false);
  expect(withoutMarks(forged)).toHaveLength(forged.length);
});
