import { expect, test } from 'vitest';
import { memorySize } from '../../../main/cli/program.js';

test.each([
  ['8GiB', 8 * 2 ** 30],
  ['8 GB', 8 * 2 ** 30],
  ['1.5g', 1.5 * 2 ** 30],
  ['512MiB', 2 ** 29],
  ['4096', 4096],
  ['0', 0],
])('%s is %d bytes', (text, bytes) => {
  expect(memorySize(text)).toBe(bytes);
});

test.each(['', 'much', '8 XB', '-1GiB', '8GiB8'])('“%s” is no size', (text) => {
  expect(() => memorySize(text)).toThrow('such as 8GiB');
});
