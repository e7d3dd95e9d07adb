import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pace } from '../../../renderer/markdown/pace.js';
import { stubFrames, type Frames } from '../frames.js';

let frames: Frames;
let wanted: () => void;
let pace: Pace;
const done: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  frames = stubFrames();
  done.length = 0;
  pace = new Pace(() => pace.run(wanted));
});
afterEach(() => {
  pace.stop();
  frames.end();
  vi.useRealTimers();
});

function show(name: string, milliseconds: number) {
  wanted = () => {
    vi.advanceTimersByTime(milliseconds);
    done.push(name);
  };
  pace.run(wanted);
}

test('cheap renderings happen at once', () => {
  for (const name of ['a', 'b', 'c']) show(name, 2);
  expect(done).toEqual(['a', 'b', 'c']);
});

test('after a costly one the next rests three times as long, and only the last happens', () => {
  show('a', 100);
  for (const name of ['b', 'c', 'd']) show(name, 1);
  vi.advanceTimersByTime(299);
  frames.next();
  expect(done).toEqual(['a']);
  vi.advanceTimersByTime(2);
  expect(done).toEqual(['a']);
  frames.next();
  expect(done).toEqual(['a', 'd']);
  expect(frames.waiting).toBe(0);
});

test('stopped, nothing more happens', () => {
  show('a', 100);
  show('b', 1);
  pace.stop();
  vi.advanceTimersByTime(1000);
  frames.next();
  expect(done).toEqual(['a']);
});
