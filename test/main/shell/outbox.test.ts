import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AppEvent, ServerMessage } from '../../../main/contract/index.js';
import { frameMs, Outbox } from '../../../main/shell/outbox.js';

const sent: ServerMessage[] = [];
let backlog = 0;
let givenUp = false;
const wire = {
  send: (message: ServerMessage) => void sent.push(message),
  backlog: () => backlog,
  giveUp: () => void (givenUp = true),
};

const reading = (tokensDone: number, conversationId = 'c'): AppEvent => ({
  type: 'reading',
  conversationId,
  tokensDone,
  tokensTotal: 100,
  tokensPerSecond: 1,
  etaSeconds: null,
});

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  backlog = 0;
  givenUp = false;
});
afterEach(() => void vi.useRealTimers());

test('events wait for the end of the frame', () => {
  const outbox = new Outbox(wire);
  outbox.event({ type: 'library' });
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(frameMs);
  expect(sent).toEqual([{ event: { type: 'library' } }]);
});

test('of progress only the latest is sent', () => {
  const outbox = new Outbox(wire);
  for (const done of [1, 2, 3]) outbox.event(reading(done));
  outbox.event(reading(9, 'other'));
  vi.advanceTimersByTime(frameMs);
  expect(sent).toEqual([{ event: reading(3) }, { event: reading(9, 'other') }]);
});

test('a slow window gets nothing until it has read, then everything', () => {
  const outbox = new Outbox(wire);
  backlog = 10_000_000;
  outbox.reply({ id: 1, result: {} });
  outbox.event(reading(1));
  vi.advanceTimersByTime(10 * frameMs);
  expect(sent).toEqual([]);
  outbox.event(reading(2));
  backlog = 0;
  vi.advanceTimersByTime(frameMs);
  expect(sent).toEqual([{ id: 1, result: {} }, { event: reading(2) }]);
});

test('a window that never reads is given up', () => {
  const outbox = new Outbox(wire);
  backlog = 10_000_000;
  for (let i = 0; i < 10_001; i++) outbox.event(reading(i, String(i)));
  expect(givenUp).toBe(true);
});

test('a closed outbox sends nothing', () => {
  const outbox = new Outbox(wire);
  outbox.event(reading(1));
  outbox.close();
  outbox.reply({ id: 1, result: {} });
  vi.advanceTimersByTime(frameMs);
  expect(sent).toEqual([]);
});
