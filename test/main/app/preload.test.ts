// The preload script, run with Electron stood in for.
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { PreloadApi } from '../../../renderer/bridge/electron.js';
import { commandChannel, helloChannel, messageChannel } from '../../../main/app/ipc.js';

const electron = vi.hoisted(() => {
  const handlers = new Map<string, (event: unknown, message: unknown) => void>();
  const exposed: Record<string, unknown> = {};
  return {
    handlers,
    exposed,
    send: vi.fn(),
    getPathForFile: vi.fn(),
  };
});
vi.mock('electron', () => ({
  contextBridge: {
    exposeInMainWorld: (name: string, api: unknown) => void (electron.exposed[name] = api),
  },
  ipcRenderer: {
    send: electron.send,
    on: (channel: string, handler: () => void) => electron.handlers.set(channel, handler),
    off: (channel: string) => electron.handlers.delete(channel),
  },
  webUtils: { getPathForFile: electron.getPathForFile },
}));

let api: PreloadApi;
const deliver = (channel: string, message: unknown) =>
  electron.handlers.get(channel)?.({ secret: 'event' }, message);

beforeAll(async () => {
  await import('../../../main/preload/main.js');
  api = electron.exposed.longleaf as PreloadApi;
  expect(electron.send).toHaveBeenCalledWith(helloChannel);
});
beforeEach(() => electron.send.mockClear());

test('exposes one object with these members and nothing of Electron', () => {
  expect(Object.keys(electron.exposed)).toEqual(['longleaf']);
  expect(Object.keys(api).sort()).toEqual(
    ['call', 'onCommand', 'onConnection', 'onEvent', 'pathOf', 'shell'].sort(),
  );
});

test('calls get their own answers', async () => {
  const one = api.call('app.info', {});
  const two = api.call('settings.get', {});
  const [first, second] = electron.send.mock.calls.map(([, message]) => message.id as number);
  expect(electron.send).toHaveBeenCalledWith(messageChannel, {
    id: first,
    method: 'app.info',
    params: {},
  });
  deliver(messageChannel, { id: second, result: 'two' });
  deliver(messageChannel, { id: first, result: 'one' });
  expect(await Promise.all([one, two])).toEqual(['one', 'two']);
});

test('failures cross as plain objects, since an Error would lose them', async () => {
  const call = api.call('turns.stop', { turnId: 'x' });
  const id = electron.send.mock.calls[0]?.[1].id as number;
  const failure = { code: 'not_found', message: 'gone' };
  deliver(messageChannel, { id, failure });
  await expect(call).rejects.toEqual({ failure });
});

test('events reach listeners until they leave', () => {
  const heard: unknown[] = [];
  const leave = api.onEvent((event) => heard.push(event));
  deliver(messageChannel, { event: { type: 'library' } });
  leave();
  deliver(messageChannel, { event: { type: 'models' } });
  expect(heard).toEqual([{ type: 'library' }]);
});

test('commands come without Electron’s event', () => {
  const heard: unknown[][] = [];
  const leave = api.onCommand?.((...given) => heard.push(given));
  deliver(commandChannel, 'settings');
  expect(heard).toEqual([['settings']]);
  leave?.();
  expect(electron.handlers.has(commandChannel)).toBe(false);
});

test('a file without a path has none', () => {
  const file = { name: 'a.pdf', size: 1 };
  electron.getPathForFile.mockReturnValueOnce('/home/ada/a.pdf').mockReturnValueOnce('');
  expect(api.pathOf(file)).toBe('/home/ada/a.pdf');
  expect(api.pathOf(file)).toBeNull();
});

test('the window is connected from the start', () => {
  const heard: boolean[] = [];
  api.onConnection((connected) => heard.push(connected));
  expect(heard).toEqual([true]);
});
