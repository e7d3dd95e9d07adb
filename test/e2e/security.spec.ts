// Who may come in, what the page may load, and what an answer may do. That nothing is asked of another origin
// is watched in every test (longleaf.ts).
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { ask, dial } from '../main/web/client.js';
import { fact, factQuestion } from '../fixtures/documents/story.js';
import { enter, expect, picture, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

test('the page comes with a strict content policy, which the browser enforces', async ({
  page,
  server,
  problems,
}) => {
  const response = await page.goto(`${server.origin}/`);
  const policy = response?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  expect(response?.headers()).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = true';
    document.body.append(script);
    return 'ran' in globalThis;
  });
  expect(ran).toBe(false);
  await expect.poll(() => problems.splice(0).join()).toContain('Content Security Policy');
});

test('strangers are refused: wrong token, used token, other hosts, other origins', async ({
  page,
  server,
}) => {
  const { port } = server;
  const status = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    (await ask(port, { path, headers, method })).status;
  expect(await status('/')).toBe(403);
  expect(await status('/open/guess')).toBe(403);
  expect(await status(new URL(server.link).pathname)).toBe(403);

  const [cookie] = await page.context().cookies(server.origin);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  const own = { Cookie: `${cookie?.name}=${cookie?.value}` };
  expect(await status('/', own)).toBe(200);
  expect(await status('/', { ...own, Host: `rebound.example:${port}` })).toBe(403);
  const upload = '/upload?name=a.txt&importId=1';
  expect(await status(upload, { ...own, Origin: 'http://evil.example' }, 'PUT')).toBe(403);
  for (const headers of [
    { ...own, Origin: 'http://evil.example' },
    { ...own, Origin: 'http://127.0.0.1:1' },
    { Origin: server.origin },
  ]) {
    await expect(dial(port, headers)).rejects.toThrow('403');
  }
  const { socket } = await dial(port, { ...own, Origin: server.origin });
  socket.close();
});

const hostileAnswer = [
  'See [the harbour](https://harbour.example/?q=secret) or <https://quay.example/>.',
  '![chart](https://charts.example/leak.png) <img src="https://charts.example/other.png">',
  '<script>globalThis.ran = 1</script><img src="x" onerror="globalThis.ran = 2">',
  '[run](javascript:globalThis.ran=3) [data](data:text/html,<script>globalThis.ran=4</script>)',
  '<iframe src="https://frames.example/"></iframe><form action="https://f.example/"><input></form>',
].join('\n\n');

test('an answer can neither run, load nor lead anywhere by itself', async ({
  page,
  context,
  server,
}) => {
  await window.pick(page, [window.file('good.txt', `It rained.\n\n${fact}\n`)]);
  await window.read(page);
  await window.ask(page, factQuestion);
  await window.answered(page);
  const conversation = window.conversationId(page);
  await server.stop();
  const library = new Database(join(server.dataFolder, 'library.db'));
  library.prepare('UPDATE turns SET answer = ?, evidence = ?').run(hostileAnswer, '[]');
  library.close();
  await server.start();
  await enter(page, server, conversation);

  const address = page.url();
  const link = window.answer(page).getByRole('link', { name: 'the harbour' });
  await link.click();
  const dialog = page.getByRole('dialog', { name: words.chat.link.title });
  await expect(dialog).toContainText('https://harbour.example/?q=secret');
  await picture(page, 'link');
  await dialog.getByRole('button', { name: words.chat.link.cancel }).click();
  await link.click({ button: 'middle' });
  await expect(dialog).toBeVisible();
  await window.closeDialog(page);
  await expect(window.answer(page).locator('img, script, iframe, form, input')).toHaveCount(0);
  const targets = await window
    .answer(page)
    .getByRole('link')
    .evaluateAll((links) => links.map((each) => each.getAttribute('href')));
  expect(targets.every((target) => target?.startsWith('https://'))).toBe(true);
  expect(await page.evaluate(() => 'ran' in globalThis)).toBe(false);
  expect(page.url()).toBe(address);
  expect(context.pages()).toHaveLength(1);
});
