// Documents sent to the app by the browser, and what is said when one cannot be.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { browserBridge } from '../../renderer/bridge/browser.js';

const page = new URL('http://127.0.0.1:4000/');

beforeEach(() => {
  vi.stubGlobal('WebSocket', class extends EventTarget {});
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
});
afterEach(() => vi.unstubAllGlobals());

test('a file that went away after it was chosen is named, not the connection', async () => {
  const file = new File(['x'], 'novel.txt');
  file.stream = () => new ReadableStream({ start: (out) => out.error(new Error('NotFound')) });
  await expect(browserBridge(page).importFile(file, 'i')).rejects.toMatchObject({
    failure: { code: 'not_found', message: '“novel.txt” cannot be read.' },
  });
});

test('an upload that fails while the file is there says that the connection is lost', async () => {
  const file = new File(['x'], 'novel.txt');
  await expect(browserBridge(page).importFile(file, 'i')).rejects.toMatchObject({
    failure: { code: 'unreachable' },
  });
});

test('a backup goes to the app, and its answer or its refusal comes back', async () => {
  const file = new File(['x'], 'Longleaf.zip');
  const asked: unknown[] = [];
  const failure = { code: 'storage', message: 'This backup cannot be restored.' };
  const answers = [Response.json({ restoreId: 'r' }), Response.json(failure, { status: 500 })];
  vi.stubGlobal('fetch', (...call: unknown[]) => {
    asked.push(call);
    return Promise.resolve(answers.shift());
  });
  await expect(browserBridge(page).checkBackup(file)).resolves.toEqual({ restoreId: 'r' });
  expect(asked).toEqual([[new URL('/restore', page), { method: 'PUT', body: file }]]);
  await expect(browserBridge(page).checkBackup(file)).rejects.toMatchObject({ failure });
});
