import { expect, test } from 'vitest';
import {
  boundaries,
  inParts,
  moved,
  passageOf,
  rowsOf,
} from '../../../renderer/chat/kept-picture.js';

const kept = {
  layers: [{ layer: 1, shares: [1, 0.5, 0, 0.5] }],
  stretches: [
    { document: 0, at: 0 },
    { document: 0, at: 100 },
    { document: 1, at: 0 },
    { document: 1, at: 90 },
  ],
};

test('layers that are not named read everything', () => {
  expect(rowsOf(kept, 3)).toEqual([null, [1, 0.5, 0, 0.5], null]);
});

test('a passage ends where the next begins, and stays in its document', () => {
  expect(passageOf(kept, 0)).toEqual({ document: 0, start: 0, end: 100 });
  expect(passageOf(kept, 1)).toEqual({ document: 0, start: 100, end: 500 });
  expect(passageOf(kept, 3)).toEqual({ document: 1, start: 90, end: 490 });
  expect(boundaries(kept)).toEqual([2]);
});

test('arrows stay inside', () => {
  expect(moved({ layer: 0, stretch: 0 }, 'ArrowUp', 3, 4)).toEqual({ layer: 0, stretch: 0 });
  expect(moved({ layer: 0, stretch: 0 }, 'ArrowDown', 3, 4)).toEqual({ layer: 1, stretch: 0 });
  expect(moved({ layer: 2, stretch: 3 }, 'ArrowRight', 3, 4)).toEqual({ layer: 2, stretch: 3 });
  expect(moved({ layer: 2, stretch: 3 }, 'Home', 3, 4)).toEqual({ layer: 2, stretch: 0 });
  expect(moved({ layer: 2, stretch: 3 }, 'Enter', 3, 4)).toBeNull();
});

test('parts of the text are means', () => {
  expect(inParts([1, 0.5, 0, 0.5], 2)).toEqual([0.75, 0.25]);
});
