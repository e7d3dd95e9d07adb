import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pace } from '../../../renderer/markdown/pace.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const taking = (milliseconds: number, done: string[], name: string) => () => {
  vi.advanceTimersByTime(milliseconds);
  done.push(name);
};

test('cheap renderings happen at once', () => {
  const done: string[] = [];
  const pace = new Pace();
  for (const name of ['a', 'b', 'c']) pace.run(taking(2, done, name));
  expect(done).toEqual(['a', 'b', 'c']);
});

test('after a costly one the next rests three times as long, and only the last happens', () => {
  const done: string[] = [];
  const pace = new Pace();
  pace.run(taking(100, done, 'a'));
  for (const name of ['b', 'c', 'd']) pace.run(taking(1, done, name));
  vi.advanceTimersByTime(299);
  expect(done).toEqual(['a']);
  vi.advanceTimersByTime(2);
  expect(done).toEqual(['a', 'd']);
});

test('stopped, nothing more happens', () => {
  const done: string[] = [];
  const pace = new Pace();
  pace.run(taking(100, done, 'a'));
  pace.run(taking(1, done, 'b'));
  pace.stop();
  vi.advanceTimersByTime(1000);
  expect(done).toEqual(['a']);
});
