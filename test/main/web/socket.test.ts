import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FailureError, type AppEvent } from '../../../main/contract/index.js';
import { listWindowFiles } from '../../../main/shell/window-files.js';
import { startWebServer, type WebServer } from '../../../main/web/server.js';
import { dial, openLink, until, type Dialled } from './client.js';
import { StubApp } from './stub-app.js';
import { makeWindowFolder } from './window-folder.js';

const app = new StubApp();
const reports: string[] = [];
const dialled: Dialled[] = [];
let folder: string;
let server: WebServer;
let headers: Record<string, string>;

async function connect(): Promise<Dialled> {
  const before = app.listening;
  const connection = await dial(server.port, headers);
  dialled.push(connection);
  await until(() => app.listening > before);
  return connection;
}

const token = (text: string, turnId = 't'): AppEvent => ({
  type: 'token',
  conversationId: 'c',
  turnId,
  text,
});

beforeAll(async () => {
  folder = makeWindowFolder();
  const files = listWindowFiles(folder);
  server = await startWebServer({ app, files, port: 0, report: (text) => reports.push(text) });
  const cookie = (await openLink(server.port, server.freshLink())) ?? '';
  headers = { cookie, origin: `http://127.0.0.1:${server.port}` };
});
afterEach(async () => {
  for (const { socket } of dialled.splice(0)) socket.close();
  await until(() => app.listening === 0);
  app.answer = () => ({});
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('who may connect', () => {
  const origin = () => `http://127.0.0.1:${server.port}`;

  test.each([
    ['no cookie', () => ({ origin: origin() })],
    ['no origin', () => ({ cookie: headers.cookie ?? '' })],
    ['another port', () => ({ ...headers, origin: 'http://127.0.0.1:1' })],
    ['a rebound name', () => ({ ...headers, host: 'evil.example', origin: 'http://evil.example' })],
    ['an opaque origin', () => ({ ...headers, origin: 'null' })],
    ['https', () => ({ ...headers, origin: `https://127.0.0.1:${server.port}` })],
  ])('not with %s', async (_name, make) => {
    await expect(dial(server.port, make())).rejects.toThrow('403');
  });

  test.each(['/other', '//', '/socket/'])('not on the path %s', async (path) => {
    await expect(dial(server.port, headers, path)).rejects.toThrow('403');
  });
});

describe('requests', () => {
  test('are answered under their id', async () => {
    app.answer = (method, params) => ({ method, params });
    const { socket, messages } = await connect();
    socket.send(JSON.stringify({ id: 7, method: 'settings.get', params: {} }));
    await until(() => messages.length === 1);
    expect(messages).toEqual([{ id: 7, result: { method: 'settings.get', params: {} } }]);
  });

  test('that fail carry the failure', async () => {
    app.answer = () => {
      throw new FailureError('not_found', 'There is no such turn.', 'Look again.');
    };
    const { socket, messages } = await connect();
    socket.send(JSON.stringify({ id: 1, method: 'turns.stop', params: { turnId: 'x' } }));
    await until(() => messages.length === 1);
    const failure = { code: 'not_found', message: 'There is no such turn.', hint: 'Look again.' };
    expect(messages).toEqual([{ id: 1, failure }]);
  });

  test('never show a stack trace', async () => {
    app.answer = () => {
      throw new TypeError('x is not a function');
    };
    const { socket, messages } = await connect();
    socket.send(JSON.stringify({ id: 1, method: 'library.list', params: {} }));
    await until(() => messages.length === 1);
    expect(JSON.stringify(messages)).not.toMatch(/\.ts|at /);
    expect(reports.at(-1)).toContain('stub-app');
  });

  test('for unknown methods fail without reaching the app', async () => {
    const { socket, messages } = await connect();
    const calls = app.calls.length;
    socket.send(JSON.stringify({ id: 1, method: 'app.quit', params: {} }));
    await until(() => messages.length === 1);
    expect(messages).toMatchObject([{ id: 1, failure: { code: 'bad_request' } }]);
    expect(app.calls.length).toBe(calls);
  });

  test.each([['not json'], ['[]'], ['{"method":"app.info"}'], ['null']])(
    '%s ends the connection',
    async (text) => {
      const { socket } = await connect();
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.send(text);
      expect(await closed).toBe(1008);
    },
  );

  test('of more than eight MiB end the connection', async () => {
    const { socket } = await connect();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.send('x'.repeat(9 * 1024 * 1024));
    expect(await closed).toBe(1009);
  });
});

describe('events', () => {
  test('reach every tab', async () => {
    const [one, two] = [await connect(), await connect()];
    app.emit({ type: 'library' });
    await until(() => one.messages.length === 1 && two.messages.length === 1);
    expect(one.messages).toEqual([{ event: { type: 'library' } }]);
  });

  test('of one frame are merged where they continue each other', async () => {
    const { messages } = await connect();
    for (const part of ['a', 'b', 'c']) app.emit(token(part));
    app.emit(token('x', 'other'));
    app.emit(token('d'));
    await until(() => messages.length === 3);
    expect(messages).toEqual([
      { event: token('abc') },
      { event: token('x', 'other') },
      { event: token('d') },
    ]);
  });

  test('are not overtaken by answers', async () => {
    const { socket, messages } = await connect();
    app.answer = () => {
      app.emit(token('first'));
      return { ok: true };
    };
    socket.send(JSON.stringify({ id: 1, method: 'app.info', params: {} }));
    await until(() => messages.length === 2);
    expect(messages).toEqual([{ event: token('first') }, { id: 1, result: { ok: true } }]);
  });
});

test('closing the server closes the sockets', async () => {
  const files = listWindowFiles(folder);
  const other = await startWebServer({ app, files, port: 0, report: () => {} });
  const cookie = (await openLink(other.port, other.freshLink())) ?? '';
  const origin = `http://127.0.0.1:${other.port}`;
  const { socket } = await dial(other.port, { cookie, origin });
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await other.close();
  expect(await closed).toBe(1001);
});
