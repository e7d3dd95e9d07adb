import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AppEvent } from '../../main/contract/index.js';
import { Socket } from '../../renderer/bridge/socket.js';

class TestSocket extends EventTarget {
  readonly sent: { id: number; method: string }[] = [];
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { id: number; method: string });
  }
  open(): void {
    this.dispatchEvent(new Event('open'));
  }
  close(): void {
    this.dispatchEvent(new Event('close'));
  }
  receive(message: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }
}

let sockets: TestSocket[];
let socket: Socket;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  socket = new Socket('ws://127.0.0.1/socket', () => {
    const made = new TestSocket();
    sockets.push(made);
    return made as unknown as WebSocket;
  });
});
afterEach(() => vi.useRealTimers());

const flush = () => vi.advanceTimersByTimeAsync(0);

describe('a call', () => {
  test('waits for the connection and gets its own answer', async () => {
    const first = socket.call('engine.status', {});
    const second = socket.call('models.list', {});
    sockets[0]!.open();
    await flush();
    const [a, b] = sockets[0]!.sent;
    sockets[0]!.receive({ id: b!.id, result: ['second'] });
    sockets[0]!.receive({ id: a!.id, result: 'first' });
    expect(await first).toBe('first');
    expect(await second).toEqual(['second']);
  });

  test('rejects with the failure the app told', async () => {
    sockets[0]!.open();
    const call = socket.call('engine.load', {});
    await flush();
    const failure = { code: 'no_memory', message: 'Too little memory.' };
    sockets[0]!.receive({ id: sockets[0]!.sent[0]!.id, failure });
    await expect(call).rejects.toMatchObject({ failure });
  });

  test('gives up waiting for a connection after five seconds', async () => {
    const call = socket.call('engine.status', {});
    const rejected = expect(call).rejects.toMatchObject({ failure: { code: 'unreachable' } });
    await vi.advanceTimersByTimeAsync(5_000);
    await rejected;
  });

  test('whose connection broke is never sent twice', async () => {
    sockets[0]!.open();
    const call = socket.call('turns.ask', { conversationId: 'c', question: 'q' });
    await flush();
    const rejected = expect(call).rejects.toMatchObject({ failure: { code: 'unreachable' } });
    sockets[0]!.close();
    await rejected;
    await vi.advanceTimersByTimeAsync(250);
    sockets[1]!.open();
    await flush();
    expect(sockets[1]!.sent).toEqual([]);
  });
});

test('the connection comes back by itself, ever less eagerly, and says so', async () => {
  const told: boolean[] = [];
  socket.onConnection((connected) => told.push(connected));
  sockets[0]!.open();
  sockets[0]!.close();
  await vi.advanceTimersByTimeAsync(249);
  expect(sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  sockets[1]!.close();
  await vi.advanceTimersByTimeAsync(499);
  expect(sockets).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  sockets[2]!.open();
  expect(told).toEqual([true, false, false, true]);
});

test('events reach every listener until it leaves', () => {
  const heard: AppEvent[] = [];
  const leave = socket.onEvent((event) => heard.push(event));
  sockets[0]!.receive({ event: { type: 'library' } });
  leave();
  sockets[0]!.receive({ event: { type: 'models' } });
  expect(heard).toEqual([{ type: 'library' }]);
});
