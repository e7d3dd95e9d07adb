// Every end-to-end test gets a server of its own and a page that has come in through the printed link, and
// fails when the page threw, broke its content policy, or asked anything of another origin than its own.
import { join } from 'node:path';
import { expect as baseExpect, test as base, type Page } from '@playwright/test';
import { catchChoosers } from '../choosers.js';
import { Api } from './api.js';
import { newDataFolder, Server } from './server.js';
import { watchFromTheStart } from './watch.js';

interface Fixtures {
  server: Server;
  /** The app's methods, beside the window. */
  api: Api;
  /** What went wrong in the page so far; must be empty in the end. */
  problems: string[];
}

/** Reading runs at the machine's own pace; these limits only end what hangs. */
const testLimitMs = 600_000;
export const expect = baseExpect.configure({ timeout: 120_000 });

export const test = base.extend<Fixtures>({
  server: async ({}, use, info) => {
    info.setTimeout(testLimitMs);
    const server = new Server(newDataFolder());
    await server.start();
    await use(server);
    await server.remove();
  },
  problems: async ({}, use) => use([]),
  page: async ({ page, server, problems }, use) => {
    note(problems, page);
    catchChoosers(page);
    await watchFromTheStart(page);
    await enter(page, server);
    await use(page);
    expect(problems).toEqual([]);
  },
  api: async ({ page, server }, use) => {
    const api = await Api.open(page, server);
    await use(api);
    api.close();
  },
});

/** Comes in through the link and waits for the window, at a conversation if one is given. */
export async function enter(page: Page, server: Server, conversationId?: string): Promise<void> {
  await page.goto(server.link);
  await page.waitForURL(`${server.origin}/`);
  if (conversationId !== undefined) await page.goto(`${server.origin}/#c=${conversationId}`);
  await expect(page.getByRole('main')).not.toBeEmpty();
}

/** Refused uploads and a server that was killed leave these lines by themselves. */
const expected = /^Failed to load resource: |^WebSocket connection to 'ws:\/\/127\.0\.0\.1:\d+\//;

function note(problems: string[], page: Page): void {
  const check = (address: string) => {
    const { protocol, hostname } = new URL(address);
    const ours = hostname === '127.0.0.1' || protocol === 'data:' || protocol === 'blob:';
    if (!ours) problems.push(`asked for ${address}`);
  };
  page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
  page.on('request', (request) => check(request.url()));
  page.on('websocket', (socket) => check(socket.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected.test(message.text())) problems.push(message.text());
  });
}

/** Leaves screens/<name>-light.png and -dark.png in the results, to be looked at. */
export async function picture(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    const file = `${name}-${colorScheme}.png`;
    await page.screenshot({ path: join(test.info().project.outputDir, 'screens', file) });
  }
}
