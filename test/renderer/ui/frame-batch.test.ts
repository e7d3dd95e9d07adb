import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FrameBatch } from '../../../renderer/ui/frame-batch.js';
import { stubFrames, type Frames } from '../frames.js';

let frames: Frames;

beforeEach(() => {
  frames = stubFrames();
});
afterEach(() => {
  frames.end();
  vi.useRealTimers();
});

test('a frame’s worth arrives at once, in order', () => {
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

test('what waits in several batches arrives in one task of the frame, whatever fails', () => {
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  const delivered: string[] = [];
  const failure = new Error('out of order');
  new FrameBatch<string>(() => {
    throw failure;
  }).add('never');
  const batches = ['a', 'b'].map(() => new FrameBatch<string>((items) => delivered.push(...items)));
  batches.forEach((batch, index) => batch.add(`item ${index}`));
  expect(frames.waiting).toBe(1);
  frames.next();
  expect(delivered).toEqual(['item 0', 'item 1']);
  expect(reported).toHaveBeenCalledExactlyOnceWith(failure);
});

test('what one batch drops in a frame, another does not get in it', () => {
  const delivered: string[] = [];
  const second = new FrameBatch<string>((items) => delivered.push(...items));
  const first = new FrameBatch<string>(() => second.clear());
  first.add('a');
  second.add('b');
  frames.next();
  second.add('c');
  expect(delivered).toEqual([]);
  frames.next();
  expect(delivered).toEqual(['c']);
});

test.each(['before', 'after'])(
  'a window hidden %s something arrives, which gets no frames, is served by a timer',
  (when) => {
    vi.useFakeTimers();
    const delivered: number[][] = [];
    const batch = new FrameBatch<number>((items) => delivered.push(items));
    if (when === 'before') vi.stubGlobal('document', { hidden: true });
    batch.add(1);
    vi.stubGlobal('document', { hidden: true });
    vi.advanceTimersByTime(250);
    expect(delivered).toEqual([[1]]);
    expect(frames.waiting).toBe(0);
  },
);

test('a window that is only slow waits for its frame', () => {
  vi.useFakeTimers();
  const delivered: number[][] = [];
  const batch = new FrameBatch<number>((items) => delivered.push(items));
  batch.add(1);
  vi.advanceTimersByTime(600);
  expect(delivered).toEqual([]);
  frames.next();
  expect(delivered).toEqual([[1]]);
});
