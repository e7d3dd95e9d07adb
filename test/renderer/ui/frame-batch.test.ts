import { afterEach, expect, test, vi } from 'vitest';
import { FrameBatch } from '../../../renderer/ui/frame-batch.js';
import { stubFrames } from '../frames.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('a frame’s worth arrives at once, in order', () => {
  const frames = stubFrames();
  const delivered: number[][] = [];
  const batch = new FrameBatch<number>((items) => delivered.push(items));
  for (let item = 0; item < 1000; item += 1) batch.add(item);
  expect(delivered).toEqual([]);
  expect(frames.waiting).toBe(1);
  frames.next();
  expect(delivered).toEqual([Array.from({ length: 1000 }, (_, index) => index)]);
  frames.next();
  expect(delivered).toHaveLength(1);
});

test('what is added during delivery waits for the next frame', () => {
  const frames = stubFrames();
  const delivered: string[][] = [];
  const batch = new FrameBatch<string>((items) => {
    delivered.push(items);
    if (items[0] === 'first') batch.add('second');
  });
  batch.add('first');
  frames.next();
  expect(delivered).toEqual([['first']]);
  frames.next();
  expect(delivered).toEqual([['first'], ['second']]);
});

test('flush delivers now and leaves nothing for the frame; clear drops', () => {
  const frames = stubFrames();
  const delivered: number[][] = [];
  const batch = new FrameBatch<number>((items) => delivered.push(items));
  batch.add(1);
  batch.flush();
  batch.flush();
  batch.add(2);
  batch.clear();
  frames.next();
  expect(delivered).toEqual([[1]]);
});

test('a hidden window, which gets no frames, is served by a timer', () => {
  vi.useFakeTimers();
  const frames = stubFrames();
  vi.stubGlobal('document', { hidden: true });
  const delivered: number[][] = [];
  const batch = new FrameBatch<number>((items) => delivered.push(items));
  batch.add(1);
  expect(frames.waiting).toBe(0);
  vi.advanceTimersByTime(250);
  expect(delivered).toEqual([[1]]);
});
