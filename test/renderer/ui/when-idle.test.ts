import { afterEach, expect, test, vi } from 'vitest';
import { IdleTasks, type RequestIdle } from '../../../renderer/ui/when-idle.js';

afterEach(() => void vi.useRealTimers());

/** Idle moments of the given lengths, ms, one after another. */
function moments() {
  const asked: Parameters<RequestIdle>[0][] = [];
  const tasks = new IdleTasks((callback) => asked.push(callback));
  const idle = (length: number) => asked.shift()?.({ timeRemaining: () => length });
  return { tasks, idle, asked };
}

test('one task in each idle moment, the latest first', () => {
  const { tasks, idle, asked } = moments();
  const ran: number[] = [];
  for (const name of [1, 2, 3]) tasks.add(() => ran.push(name));
  expect(asked).toHaveLength(1);
  idle(50);
  expect(ran).toEqual([3]);
  idle(50);
  idle(50);
  expect(ran).toEqual([3, 2, 1]);
  expect(asked).toHaveLength(0);
});

test('nothing runs between two frames; later it is tried again', () => {
  vi.useFakeTimers();
  const { tasks, idle, asked } = moments();
  const ran: string[] = [];
  tasks.add(() => ran.push('done'));
  idle(12);
  expect(ran).toEqual([]);
  expect(asked).toHaveLength(0);
  vi.advanceTimersByTime(1000);
  idle(50);
  expect(ran).toEqual(['done']);
});

test('a task that is taken back never runs', () => {
  const { tasks, idle } = moments();
  const ran: string[] = [];
  tasks.add(() => ran.push('stays'));
  tasks.add(() => ran.push('gone'))();
  idle(50);
  expect(ran).toEqual(['stays']);
});
