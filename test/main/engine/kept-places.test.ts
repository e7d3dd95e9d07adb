import { expect, test } from 'vitest';
import { keptPlacesOf } from '../../../main/engine/kept-places.js';

/** Every token is four characters long. */
const characters = (from: number, to: number) => (to - from) * 4;

test('stretches of a prompt are places in its documents', () => {
  const shares = new Float32Array(256).fill(1);
  shares.fill(0.25, 128, 192);
  const places = [
    { start: 28, end: 640 },
    { start: 660, end: 1280 },
  ];
  const kept = keptPlacesOf(shares, 1280, places, characters)!;
  expect(kept.layers).toHaveLength(1);
  expect(kept.layers[0]).toMatchObject({ layer: 1 });
  expect(kept.layers[0]!.shares.slice(62, 66)).toEqual([0.25, 0.25, 1, 1]);
  expect(kept.stretches[0]).toEqual({ document: 0, at: 0 }); // before the first document
  expect(kept.stretches[3]).toEqual({ document: 0, at: 8 });
  expect(kept.stretches[63]).toEqual({ document: 0, at: (630 - 28) * 4 });
  expect(kept.stretches[64]).toEqual({ document: 1, at: 0 }); // between the two
  expect(kept.stretches[127]).toEqual({ document: 1, at: (1270 - 660) * 4 });
});

test('a dense reading has no picture', () => {
  expect(
    keptPlacesOf(new Float32Array(256).fill(1), 1280, [{ start: 0, end: 1280 }], characters),
  ).toBe(undefined);
  expect(keptPlacesOf(new Float32Array(), 1280, [{ start: 0, end: 1280 }], characters)).toBe(
    undefined,
  );
});
