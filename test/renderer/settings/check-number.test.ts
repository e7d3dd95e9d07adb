import { expect, test } from 'vitest';
import { checkNumber } from '../../../renderer/settings/check-number.js';

const whole = { min: 16, max: 32_768, whole: true };
const real = { min: 0, max: 5, whole: false };

test.each([
  ['512', whole, 512],
  [' 32 768 ', whole, 32_768],
  ["1'024", whole, 1024],
  ['0,7', real, 0.7],
  ['.5', real, 0.5],
])('%j is a number', (typed, bounds, value) => {
  expect(checkNumber(typed, bounds)).toEqual({ ok: true, value });
});

test.each([
  ['', whole, 'nan'],
  ['many', whole, 'nan'],
  ['20.5', whole, 'nan'],
  ['15', whole, 'range'],
  ['1e9', whole, 'range'],
  ['-0.1', real, 'range'],
  ['Infinity', real, 'nan'],
])('%j is not', (typed, bounds, reason) => {
  expect(checkNumber(typed, bounds)).toEqual({ ok: false, reason });
});
