// The pure parts of the Electron shell, with Electron itself stood in for: its binary cannot be assumed.
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { App as ElectronApp, IpcMain, MenuItemConstructorOptions, Session } from 'electron';
import { readArguments } from '../../../main/app/arguments.js';
import { guardApp, guardSession, isExternalLink } from '../../../main/app/guard.js';
import { helloChannel, isTrusted, messageChannel, serveIpc } from '../../../main/app/ipc.js';
import { menuWords } from '../../../main/app/menu-words.js';
import { menuTemplate } from '../../../main/app/menu.js';
import { isOwnAddress, windowOrigin } from '../../../main/app/origin.js';
import { windowResponder } from '../../../main/app/serve-window.js';
import { contentSecurityPolicy } from '../../../main/shell/content-policy.js';
import { listWindowFiles } from '../../../main/shell/window-files.js';
import { StubApp } from '../web/stub-app.js';
import { makeWindowFolder } from '../web/window-folder.js';
import { until } from '../web/client.js';

describe('longleaf://', () => {
  let folder: string;
  beforeEach(() => void (folder = makeWindowFolder()));
  afterEach(() => rmSync(folder, { recursive: true }));
  const get = (address: string, method = 'GET') =>
    windowResponder(listWindowFiles(folder), new StubApp())({ url: address, method } as Request);

  test('serves the page with the same policy as the browser shell', async () => {
    const response = await get('longleaf://app/index.html');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toBe(contentSecurityPolicy);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('Longleaf');
  });

  test.each([
    'longleaf://app/.stamp',
    'longleaf://app/../package.json',
    'longleaf://app/%2e%2e/package.json',
    'longleaf://app/assets/index-abc.js.map',
    'longleaf://other/index.html',
    'longleaf://app:80/index.html',
    'file:///etc/passwd',
    'nonsense',
  ])('%s is not there', async (address) => {
    expect((await get(address)).status).toBe(404);
  });

  test('hands over a prepared backup as a file to be saved, and no other', async () => {
    const response = await get('longleaf://app/backup/b1');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="Longleaf 2026-01-01.zip"',
    );
    expect(await response.text()).toBe('a zip');
    expect((await get('longleaf://app/backup/b2')).status).toBe(404);
    expect((await get('longleaf://other/backup/b1')).status).toBe(404);
  });

  test('only reads', async () => {
    expect((await get('longleaf://app/index.html', 'POST')).status).toBe(404);
  });
});

test.each([
  ['longleaf://app/index.html', true],
  ['longleaf://app', true],
  ['longleaf://app.evil/index.html', false],
  ['longleaf://application/', false],
  ['https://app/', false],
  ['file:///index.html', false],
])('%s is the window’s own address: %s', (address, expected) => {
  expect(isOwnAddress(address)).toBe(expected);
});

test.each([
  ['https://example.org/page', true],
  ['mailto:ada@example.org', true],
  ['http://example.org', false],
  ['file:///etc/passwd', false],
  ['javascript:alert(1)', false],
  ['smb://host/share', false],
  ['https://', false],
])('%s may leave the app: %s', (address, expected) => {
  expect(isExternalLink(address)).toBe(expected);
});

describe('pages cannot', () => {
  class Contents extends EventEmitter {
    open: ((details: { url: string }) => { action: string }) | undefined;
    setWindowOpenHandler(handler: (details: { url: string }) => { action: string }) {
      this.open = handler;
    }
  }
  const opened: string[] = [];
  let contents: Contents;
  beforeEach(() => {
    opened.length = 0;
    contents = new Contents();
    const app = new EventEmitter();
    guardApp(app as unknown as ElectronApp, (address) => void opened.push(address));
    app.emit('web-contents-created', {}, contents);
  });
  const prevented = (event: string, details: object) => {
    const preventDefault = vi.fn();
    contents.emit(event, { ...details, preventDefault });
    return preventDefault.mock.calls.length > 0;
  };

  test('go elsewhere', () => {
    expect(prevented('will-navigate', { url: 'https://evil.example' })).toBe(true);
    expect(prevented('will-navigate', { url: 'file:///etc/passwd' })).toBe(true);
    expect(prevented('will-navigate', { url: `${windowOrigin}/index.html` })).toBe(false);
  });
  test('fill frames, follow redirects or attach webviews', () => {
    const own = { url: `${windowOrigin}/index.html`, isMainFrame: false };
    expect(prevented('will-frame-navigate', own)).toBe(true);
    expect(prevented('will-redirect', own)).toBe(true);
    expect(prevented('will-attach-webview', {})).toBe(true);
  });
  test('open windows; safe links are offered outside', () => {
    expect(contents.open?.({ url: 'https://example.org/' })).toEqual({ action: 'deny' });
    expect(contents.open?.({ url: 'file:///etc/passwd' })).toEqual({ action: 'deny' });
    expect(opened).toEqual(['https://example.org/']);
  });

  test('use devices or reach the network', () => {
    const session = {
      setPermissionRequestHandler: vi.fn(),
      setPermissionCheckHandler: vi.fn(),
      setDevicePermissionHandler: vi.fn(),
      webRequest: { onBeforeRequest: vi.fn() },
    };
    guardSession(session as unknown as Session);
    const decide = vi.fn();
    for (const permission of ['media', 'geolocation', 'notifications', 'openExternal']) {
      session.setPermissionRequestHandler.mock.calls[0]?.[0]({}, permission, decide);
      expect(session.setPermissionCheckHandler.mock.calls[0]?.[0]({}, permission)).toBe(false);
    }
    expect(decide.mock.calls.flat()).toEqual([false, false, false, false]);
    session.setPermissionRequestHandler.mock.calls[0]?.[0]({}, 'clipboard-sanitized-write', decide);
    expect(decide).toHaveBeenLastCalledWith(true);
    const [filter, cancel] = session.webRequest.onBeforeRequest.mock.calls[0] ?? [];
    expect(filter.urls).toContain('https://*/*');
    cancel({}, decide);
    expect(decide).toHaveBeenLastCalledWith({ cancel: true });
  });
});

describe('messages', () => {
  const top = { origin: windowOrigin, parent: null };

  test('are believed from the top frame of our own page only', () => {
    expect(isTrusted(top)).toBe(true);
    expect(isTrusted(null)).toBe(false);
    expect(isTrusted({ ...top, origin: 'https://evil.example' })).toBe(false);
    expect(isTrusted({ ...top, origin: 'null' })).toBe(false);
    expect(isTrusted({ ...top, parent: top as never })).toBe(false);
  });

  class Window extends EventEmitter {
    readonly sent: unknown[] = [];
    send(channel: string, message: unknown) {
      if (channel === messageChannel) this.sent.push(message);
    }
    isDestroyed() {
      return false;
    }
  }

  test('are served, and dropped for a page that was reloaded', async () => {
    const services = new StubApp();
    const ipc = new EventEmitter();
    const window = new Window();
    const event = { sender: window, senderFrame: top };
    serveIpc(services, ipc as unknown as IpcMain, () => {});
    ipc.emit(helloChannel, event);
    ipc.emit(messageChannel, event, { id: 1, method: 'app.info', params: {} });
    await until(() => window.sent.length === 1);
    expect(window.sent).toEqual([{ id: 1, result: {} }]);

    let finish = (_: unknown) => {};
    services.answer = () => new Promise((resolve) => (finish = resolve));
    ipc.emit(messageChannel, event, { id: 2, method: 'app.info', params: {} });
    ipc.emit(helloChannel, event);
    expect(services.listening).toBe(1);
    finish({});
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(window.sent).toHaveLength(1);

    window.emit('destroyed');
    expect(services.listening).toBe(0);
  });

  test('from strangers reach nothing', () => {
    const services = new StubApp();
    const ipc = new EventEmitter();
    const stranger = { ...top, origin: 'https://evil.example' };
    serveIpc(services, ipc as unknown as IpcMain, () => {});
    ipc.emit(helloChannel, { sender: new Window(), senderFrame: stranger });
    const event = { sender: new Window(), senderFrame: stranger };
    ipc.emit(messageChannel, event, { id: 1, method: 'app.info', params: {} });
    expect(services.calls).toEqual([]);
    expect(services.listening).toBe(0);
  });
});

describe('the menu', () => {
  const send = vi.fn();
  const words = menuWords('system', ['fr-FR']);
  const labels = (items: MenuItemConstructorOptions[]) =>
    items.map((item) => item.label ?? item.role ?? '');
  const all = (platform: NodeJS.Platform) =>
    menuTemplate({ send, about: () => {} }, platform, words).flatMap((menu) => [
      menu,
      ...((menu.submenu as MenuItemConstructorOptions[] | undefined) ?? []),
    ]);

  test.each(['linux', 'win32', 'darwin'] as const)('on %s has every command', (platform) => {
    send.mockClear();
    for (const { click } of all(platform)) (click as (() => void) | undefined)?.();
    const sent = send.mock.calls.flat().sort();
    expect(sent).toEqual(['filter', 'import', 'new-conversation', 'settings', 'shortcuts']);
  });

  test('has the platform’s own menus', () => {
    const top = (platform: NodeJS.Platform) =>
      labels(menuTemplate({ send, about: () => {} }, platform, words));
    expect(top('linux')).toEqual(['File', 'Edit', 'View', 'Window', 'Help']);
    expect(top('darwin')[0]).toBe('Longleaf');
  });

  test('has every item in the language chosen, or else of the system', () => {
    const german = menuTemplate({ send, about: () => {} }, 'linux', menuWords('de', ['en-GB']));
    expect(labels(german)).toEqual(['Datei', 'Bearbeiten', 'Ansicht', 'Fenster', 'Hilfe']);
    expect(menuWords('system', ['de-AT', 'en'])).toEqual(menuWords('de', []));
    const unnamed = all('darwin').filter(({ label, type }) => !label && type !== 'separator');
    expect(unnamed).toEqual([]);
  });

  test('gives no key to two items', () => {
    for (const platform of ['linux', 'darwin'] as const) {
      const keys = all(platform).flatMap(({ accelerator }) => accelerator ?? []);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});

test('arguments: files that exist, the data folder, nothing else', () => {
  const file = import.meta.filename;
  const folder = import.meta.dirname;
  expect(readArguments(['.', '--type=x', 'missing.pdf', 'shell.test.ts'], folder)).toEqual({
    dataFolder: null,
    files: [file],
  });
  expect(readArguments(['--data', 'd', file], folder).dataFolder).toBe(`${folder}/d`);
  expect(readArguments(['--data=/x'], folder).dataFolder).toBe('/x');
});
