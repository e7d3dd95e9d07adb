import { expect, test } from 'vitest';
import { lookedAt } from '../../../main/engine/looked-at.js';

/** One row per head; `peaks` are [position, attention]. */
function attention(positions: number, ...heads: [number, number][][]): Float32Array {
  const all = new Float32Array(heads.length * positions);
  heads.forEach((peaks, head) => {
    for (const [at, value] of peaks) all[head * positions + at] = value;
  });
  return all;
}

const whole = (positions: number) => [{ start: 0, end: positions }];
const around = (at: number, value: number): [number, number][] =>
  [-1, 0, 1].map((step) => [at + step, value / 3]);

test('a stretch that several heads attend to is found, and no more than it', () => {
  const told = attention(1000, around(500, 0.6), around(501, 0.8));
  const [first, ...others] = lookedAt(told, 1000, whole(1000));
  expect(others).toEqual([]);
  expect(first?.share).toBeGreaterThan(0.6);
  expect(first?.start).toBeGreaterThanOrEqual(499);
  expect(first?.end).toBeLessThanOrEqual(503);
});

test('several stretches come in the order of their attention, three at most', () => {
  const told = attention(1000, [
    ...around(100, 0.1),
    ...around(300, 0.3),
    ...around(500, 0.2),
    ...around(700, 0.05),
  ]);
  const found = lookedAt(told, 1000, whole(1000));
  expect(found.map(({ start }) => Math.round(start / 100))).toEqual([3, 5, 1]);
});

test('where attention rests when it goes nowhere, and what is spread thin, are no places', () => {
  const sink = attention(1000, [[0, 0.9]]);
  expect(lookedAt(sink, 1000, whole(1000))).toEqual([]);
  expect(lookedAt(new Float32Array(1000).fill(0.001), 1000, whole(1000))).toEqual([]);
});

test('only documents count, and a stretch never runs from one into the next', () => {
  const told = attention(1000, [...around(399, 0.3), ...around(401, 0.3), [960, 0.5]]);
  const documents = [
    { start: 20, end: 400 },
    { start: 400, end: 900 },
  ];
  const found = lookedAt(told, 1000, documents);
  expect(found.length).toBeGreaterThan(0);
  for (const { start, end } of found) {
    expect(documents.some((each) => start >= each.start && end <= each.end)).toBe(true);
  }
});

test('nothing told is nothing found', () => {
  expect(lookedAt(new Float32Array(), 1000, whole(1000))).toEqual([]);
  expect(lookedAt(new Float32Array(), 0, [])).toEqual([]);
});
