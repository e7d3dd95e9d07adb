import { afterEach, describe, expect, test } from 'vitest';
import {
  bytes,
  count,
  duration,
  eta,
  parameters,
  percent,
  plural,
  speed,
  when,
  writeAsIn,
} from '../../../renderer/ui/format.js';

afterEach(() => writeAsIn('en-GB'));

test.each([
  [0, '0'],
  [999.6, '1,000'],
  [131_072, '131,072'],
])('count %d', (value, text) => expect(count(value)).toBe(text));

test.each([
  [0, '0 %'],
  [0.004, '<1 %'],
  [0.81, '81 %'],
  [0.996, '99 %'],
  [1, '100 %'],
])('percent %d', (value, text) => expect(percent(value)).toBe(text));

test.each([
  [512, '512 B'],
  [999, '999 B'],
  [999_600, '1.0 MB'],
  [29_835_648, '29.8 MB'],
  [1.27e9, '1.3 GB'],
  [137e9, '137 GB'],
])('bytes %d', (value, text) => expect(bytes(value)).toBe(text));

test.each([
  [27_800_000, '27.8 million'],
  [8_030_000_000, '8.0 billion'],
  [900, '900'],
])('parameters %d', (value, text) => expect(parameters(value)).toBe(text));

test.each([
  [-1, '0.0 s'],
  [0.42, '0.4 s'],
  [9.96, '10 s'],
  [59.7, '1 min 00 s'],
  [125, '2 min 05 s'],
  [3600 + 4 * 60, '1 h 04 min'],
])('duration %d', (value, text) => expect(duration(value)).toBe(text));

describe('an estimate', () => {
  test.each([
    [null, null],
    [Number.POSITIVE_INFINITY, null],
    [0.3, '1 s'],
    [3.2, '4 s'],
    [31, '35 s'],
    [88, '90 s'],
    [200, '3 min'],
    [7500, '2 h 05 min'],
  ])('of %d is never falsely precise', (value, text) => expect(eta(value)).toBe(text));
});

test.each([
  [0, '–'],
  [Number.NaN, '–'],
  [4.26, '4.3'],
  [531.4, '531'],
])('speed %d', (value, text) => expect(speed(value)).toBe(text));

test('dates are as near as they need to be', () => {
  const now = new Date(2026, 10, 24, 15, 0).getTime();
  const at = (...parts: [number, number, number, number, number]) =>
    when(new Date(...parts).getTime(), now);
  expect(at(2026, 10, 24, 9, 5)).toBe('09:05');
  expect(at(2026, 10, 23, 23, 59)).toBe('Yesterday');
  expect(at(2026, 4, 3, 12, 0)).toBe('3 May');
  expect(at(2025, 4, 3, 12, 0)).toBe('3 May 2025');
});

test.each([
  [1, '1 page'],
  [0, '0 pages'],
  [1200, '1,200 pages'],
])('plural of %d', (n, text) => expect(plural(n, { one: 'page', other: 'pages' })).toBe(text));

test('another language writes all of it in its own way', () => {
  writeAsIn('de-DE');
  const now = new Date(2026, 10, 24, 15, 0).getTime();
  expect(count(131_072)).toBe('131.072');
  expect(bytes(29_835_648)).toBe('29,8 MB');
  expect(duration(0.42)).toBe('0,4 s');
  expect(parameters(27_800_000)).toBe('27,8 Millionen');
  expect(when(now - 86_400_000, now)).toBe('Gestern');
  expect(when(new Date(2026, 4, 3).getTime(), now)).toBe('3. Mai');
});
