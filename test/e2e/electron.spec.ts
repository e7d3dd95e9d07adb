// The Electron shell itself, where its program is installed and can run: reported as skipped elsewhere.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, expect, test } from '@playwright/test';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function electronProgram(): string {
  const names: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  };
  return join(root, 'node_modules/electron/dist', names[process.platform] ?? 'electron');
}

const hasScreen =
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

test('opens a sandboxed window that talks to the app', async () => {
  test.skip(!existsSync(electronProgram()), 'Electron’s program is not installed');
  test.skip(!hasScreen, 'Electron needs a display');
  test.skip(isRoot, 'Electron’s sandbox does not run as root');
  const data = mkdtempSync(join(tmpdir(), 'longleaf-electron-'));
  const app = await _electron.launch({
    executablePath: electronProgram(),
    args: [root, `--data=${data}`],
  });
  try {
    const window = await app.firstWindow();
    expect(new URL(window.url()).protocol).toBe('longleaf:');
    const info = await window.evaluate(async () => {
      const bridge = (
        window as unknown as {
          longleaf: { call(method: string, params: object): Promise<unknown> };
        }
      ).longleaf;
      const isolated = typeof (globalThis as { require?: unknown }).require === 'undefined';
      return { isolated, info: await bridge.call('app.info', {}) };
    });
    expect(info.isolated).toBe(true);
    expect(info.info).toMatchObject({ shell: 'electron', dataFolder: data });
  } finally {
    await app.close();
    rmSync(data, { recursive: true, force: true });
  }
});
