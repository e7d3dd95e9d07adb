import { expect, test } from 'vitest';
import { exceptions, findLongFiles } from './budget.mjs';

test('no file is over its budget', () => {
  expect(findLongFiles()).toEqual([]);
});

test('every exception says why', () => {
  for (const { reason } of Object.values(exceptions)) {
    expect(reason).toMatch(/\w+ \w+/);
  }
});
