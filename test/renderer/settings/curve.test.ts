import { expect, test } from 'vitest';
import type { MeasuredLevel } from '../../../main/contract/index.js';
import { calibrationLengths } from '../../../renderer/settings/calibration-lengths.js';
import { curveOf } from '../../../renderer/settings/curve.js';
import { wilson } from '../../../renderer/ui/wilson.js';

const measured = (level: number, readSeconds: number, found: number): MeasuredLevel => ({
  ...{ level, tau: 0, readSeconds, found, asked: 20, keptFraction: 1, keptByLayer: [1] },
});
const area = { left: 0, right: 100, top: 0, bottom: 100 };

test('Wilson’s interval is that of the tables', () => {
  const { low, high } = wilson(19, 20);
  expect(low).toBeCloseTo(0.764, 3);
  expect(high).toBeCloseTo(0.991, 3);
  expect(wilson(0, 20)).toMatchObject({ low: 0 });
  expect(wilson(20, 20).high).toBe(1);
});

test('faster is further right, more accurate is higher, and a level measured twice counts once', () => {
  const levels = [
    measured(0, 8, 20),
    measured(25, 6, 12),
    measured(25, 5, 20),
    measured(100, 2, 10),
  ];
  const { points, ticks } = curveOf(levels, area);
  expect(points.map(({ level, factor }) => [level, factor])).toEqual([
    [0, 1],
    [25, 1.6],
    [100, 4],
  ]);
  const [exact, middle, fast] = points;
  expect(exact!.x).toBeLessThan(middle!.x);
  expect(fast!.x).toBeLessThanOrEqual(100);
  expect(fast!.y).toBeCloseTo(50);
  expect(fast!.high).toBeLessThan(fast!.y);
  expect(fast!.low).toBeGreaterThan(fast!.y);
  expect(ticks.length).toBeGreaterThan(2);
  expect(ticks.every(({ x }) => x >= 0 && x <= 100)).toBe(true);
});

test('a level slower than exact reading stays inside', () => {
  const { points } = curveOf([measured(0, 8, 20), measured(25, 10, 20)], area);
  expect(points[1]!.x).toBeGreaterThanOrEqual(0);
});

test('lengths that fit are offered, and what the model holds where that is much more', () => {
  expect(calibrationLengths(130_816)).toEqual([4096, 16_384, 32_768, 65_536, 130_816]);
  expect(calibrationLengths(20_000)).toEqual([4096, 16_384]);
  expect(calibrationLengths(2000)).toEqual([2000]);
  expect(calibrationLengths(100)).toEqual([]);
});
