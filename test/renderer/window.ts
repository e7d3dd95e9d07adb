// The built window on its scripted bridge, served with the headers of the shells: what their policy forbids is
// forbidden here. `shown` opens it and fails the test when the page reports an error or a broken policy.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base, expect, type Page } from '@playwright/test';
import { build } from 'vite';
import type { Settings } from '../../main/contract/index.js';
import { securityHeaders } from '../../main/shell/content-policy.js';
import { catchChoosers } from '../choosers.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

async function buildWindow(folder: string): Promise<void> {
  process.env.NODE_ENV = 'production';
  await build({
    configFile: join(root, 'renderer', 'vite.config.ts'),
    mode: 'fake',
    logLevel: 'error',
    build: { outDir: folder },
  });
}

async function serve(folder: string): Promise<{ address: string; stop(): void }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://window').pathname);
    try {
      const body = readFileSync(join(folder, path));
      const type = types[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { ...securityHeaders, 'Content-Type': type }).end(body);
    } catch {
      response.writeHead(404, securityHeaders).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/fake.html`, stop: () => server.close() };
}

export interface Shown {
  /** Options of renderer/bridge/fake.ts: "state=reading&theme=dark". */
  options?: string;
  conversation?: string;
}

export type Show = (shown?: Shown) => Promise<void>;

export const test = base.extend<{ show: Show; problems: string[] }, { windowAddress: string }>({
  windowAddress: [
    // Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'longleaf-window-'));
      await buildWindow(folder);
      const { address, stop } = await serve(folder);
      await use(address);
      stop();
      rmSync(folder, { recursive: true, force: true });
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  problems: async ({ page }, use) => {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith('http://127.0.0.1')) problems.push(request.url());
    });
    await use(problems);
    expect(problems, 'errors and requests of the page').toEqual([]);
  },
  show: async ({ page, windowAddress, problems }, use) => {
    void problems; // watched from before the page opens
    catchChoosers(page);
    await use(async ({ options = '', conversation } = {}) => {
      const hash = conversation ? `#c=${conversation}` : '';
      await page.goto('about:blank');
      await page.goto(`${windowAddress}?${options}${hash}`);
      await expect(page.getByRole('main')).not.toBeEmpty();
      await page.evaluate(() => document.fonts.ready);
    });
  },
});

export { expect };

/** As when another window changes a setting. */
export const changeSettings = (page: Page, patch: Partial<Settings>): Promise<boolean> =>
  page.evaluate(
    (detail) => window.dispatchEvent(new CustomEvent('fake-settings', { detail })),
    patch,
  );

/** Asks and waits until the answer has ended. */
export async function ask(page: Page, question: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Your question' }).fill(question);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Ask', exact: true })).toBeVisible({
    timeout: 240_000,
  });
}
