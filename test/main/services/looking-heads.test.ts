// From attention to facts to the heads that look them up.
import { expect, test } from 'vitest';
import { LookingHeads } from '../../../main/services/looking-heads.js';

test('the heads that attend to facts, the strongest first', () => {
  const looking = new LookingHeads({ layers: 2, heads: 3 }, 1000);
  expect(looking.watch).toHaveLength(6);
  expect(looking.found).toBeUndefined();
  looking.saw([0, 0.1, 0.6, 0.02, 0.9, 0]);
  looking.saw([0, 0.5, 0.6, 0.02, 0.7, 0]);
  expect(looking.found).toEqual([
    [1, 1], // .8
    [0, 2], // .6; .3 is less than half of the strongest
  ]);
});

test('weak ones are none, a few answers are enough, and a large model is not watched whole', () => {
  const looking = new LookingHeads({ layers: 1, heads: 2 }, 1000);
  for (let answer = 0; answer < 4; answer++) looking.saw([0.05, 0.09]);
  expect(looking.found).toEqual([]);
  expect(looking.watch).toEqual([]);
  expect(new LookingHeads({ layers: 80, heads: 64 }, 131_072).watch).toEqual([]);
});
