import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWebServer, type WebServer } from '../../../main/web/server.js';
import { contentSecurityPolicy } from '../../../main/shell/content-policy.js';
import { listWindowFiles } from '../../../main/shell/window-files.js';
import { ask, openLink } from './client.js';
import { StubApp } from './stub-app.js';
import { makeWindowFolder } from './window-folder.js';

const app = new StubApp();
const reports: string[] = [];
let folder: string;
let server: WebServer;
let cookie: string;

const own = () => ({ cookie, origin: `http://127.0.0.1:${server.port}` });
const get = (path: string, headers: Record<string, string> = { cookie }) =>
  ask(server.port, { path, headers });

beforeAll(async () => {
  folder = makeWindowFolder();
  const files = listWindowFiles(folder);
  server = await startWebServer({ app, files, port: 0, report: (text) => reports.push(text) });
  cookie = (await openLink(server.port, server.freshLink())) ?? '';
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('the link', () => {
  test('lets one browser in, once', async () => {
    const link = server.freshLink();
    expect(await openLink(server.port, link)).toMatch(/^longleaf-\d+=[\w-]{43}$/);
    expect(await openLink(server.port, link)).toBeNull();
  });

  test('gives a cookie scripts and other sites cannot use', async () => {
    const { headers, body } = await get(new URL(server.freshLink()).pathname, {});
    expect(headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(body).toContain('url=/');
  });

  test('stops working when a newer one is made', async () => {
    const old = server.freshLink();
    server.freshLink();
    expect(await openLink(server.port, old)).toBeNull();
  });

  test('is not used up by a look ahead', async () => {
    const link = server.freshLink();
    await ask(server.port, { method: 'HEAD', path: new URL(link).pathname });
    expect(await openLink(server.port, link)).not.toBeNull();
  });
});

describe('without being let in', () => {
  test.each(['/', '/assets/index-abc.js', '/nothing', '/open/', '/open/guess'])(
    '%s says to use the link',
    async (path) => {
      const { status, body } = await get(path, {});
      expect(status).toBe(403);
      expect(body).toContain('link that Longleaf printed');
    },
  );

  test('a made-up cookie does not help', async () => {
    const { status } = await get('/', { cookie: `longleaf-${server.port}=${'x'.repeat(43)}` });
    expect(status).toBe(403);
  });

  test('nothing can be uploaded', async () => {
    const headers = { origin: `http://127.0.0.1:${server.port}` };
    const path = '/upload?name=a.txt&importId=i';
    const { status } = await ask(server.port, { method: 'PUT', path, headers, body: 'x' });
    expect(status).toBe(403);
    expect(app.uploads).toEqual([]);
  });
});

describe('another host name', () => {
  test.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1', '[::1]'])(
    '%s is refused, cookie or not',
    async (host) => {
      expect((await get('/', { host, cookie })).status).toBe(403);
    },
  );

  test('localhost is ours', async () => {
    expect((await get('/', { host: `localhost:${server.port}`, cookie })).status).toBe(200);
  });
});

describe('files', () => {
  test('the page comes with the security headers and is not cached', async () => {
    const { status, headers } = await get('/');
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toBe(contentSecurityPolicy);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['cache-control']).toBe('no-store');
  });

  test('the policy allows no inline code and no other origin', () => {
    expect(contentSecurityPolicy).not.toContain('unsafe');
    expect(contentSecurityPolicy).not.toMatch(/https?:|\*/);
  });

  test('assets have their type and may be kept', async () => {
    const { headers, body } = await get('/assets/index-abc.js');
    expect(headers['content-type']).toContain('text/javascript');
    expect(headers['cache-control']).toContain('immutable');
    expect(body).toBe('export {};');
  });

  test.each([
    '/.stamp',
    '/assets/index-abc.js.map',
    '/assets/',
    '/../package.json',
    '/%2e%2e/package.json',
    '/assets/..%2f..%2fpackage.json',
    '/etc/passwd',
    '//etc/passwd',
    '//',
    'http://evil.example/',
  ])('%s is not there', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  test('other methods are refused', async () => {
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      expect((await ask(server.port, { method, headers: own() })).status).toBe(405);
    }
  });
});

describe('uploads', () => {
  const put = (path: string, headers: Record<string, string>, body: Buffer | string = 'hello') =>
    ask(server.port, { method: 'PUT', path, headers, body });

  test('reach the app as a stream under a plain name', async () => {
    const name = encodeURIComponent('../../a folder/Ünï.pdf');
    const { status, body } = await put(`/upload?name=${name}&importId=i1`, own());
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ fileName: 'Ünï.pdf', bytes: 5 });
    expect(app.uploads.at(-1)).toEqual({ name: 'Ünï.pdf', importId: 'i1', bytes: 5 });
  });

  test('from another origin on this very machine are refused', async () => {
    for (const origin of ['http://127.0.0.1:1', 'http://evil.example', 'null']) {
      const headers = { ...own(), origin };
      expect((await put('/upload?name=a&importId=i', headers)).status).toBe(403);
    }
  });

  test('need a name and an id', async () => {
    const { status, body } = await put('/upload?name=', own());
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ code: 'bad_request' });
  });

  test('that announce too much get 413 and a failure', async () => {
    const headers = { ...own(), 'content-length': String(300 * 1024 * 1024) };
    const answer = ask(server.port, {
      method: 'PUT',
      path: '/upload?name=a&importId=i',
      headers,
      body: Buffer.alloc(300 * 1024 * 1024),
    });
    const { status, body } = await answer;
    expect(status).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ code: 'document_too_large' });
  });

  test('that send too much without announcing it get 413 too', async () => {
    const headers = { ...own(), 'transfer-encoding': 'chunked' };
    const body = Buffer.alloc(257 * 1024 * 1024);
    const { status } = await put('/upload?name=a&importId=i', headers, body);
    expect(status).toBe(413);
  });
});

test('a port in use is a sentence', async () => {
  const files = listWindowFiles(folder);
  const again = startWebServer({ app, files, port: server.port, report: () => {} });
  await expect(again).rejects.toMatchObject({
    failure: { message: `Port ${server.port} is in use.` },
  });
});

describe('backups', () => {
  const put = (headers: Record<string, string>) =>
    ask(server.port, { method: 'PUT', path: '/restore', headers, body: 'a zip' });

  test('are streamed to a download, to who was let in', async () => {
    const { status, headers, body } = await get('/backup/b1');
    expect(status).toBe(200);
    expect(body).toBe('a zip');
    expect(headers['content-type']).toBe('application/zip');
    expect(headers['content-disposition']).toContain('filename="Longleaf 2026-01-01.zip"');
    expect(headers['cache-control']).toBe('no-store');
    expect((await get('/backup/b1', {})).status).toBe(403);
    expect((await get('/backup/other')).status).toBe(404);
  });

  test('come back as a stream, from our own page only', async () => {
    const { status, body } = await put(own());
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ restoreId: 'r1', bytes: 5 });
    for (const headers of [{ cookie }, { ...own(), origin: 'http://evil.example' }]) {
      expect((await put(headers as Record<string, string>)).status).toBe(403);
    }
    expect((await put({ origin: own().origin })).status).toBe(403);
    expect(app.restores).toEqual([5]);
  });

  test('that are refused while they come get the reason', async () => {
    const answer = await ask(server.port, {
      method: 'PUT',
      path: '/restore',
      headers: { ...own(), 'content-length': '2000000' },
      body: Buffer.alloc(2_000_000),
    });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'storage' });
  });
});
