// The whole of what Longleaf is for, once through: drop a PDF, watch it being read, ask, read the answer where
// it came from, stop a long one, ask again, come back tomorrow.
import type { Page } from '@playwright/test';
import { factAnswer, factQuestion, storyPdf } from '../fixtures/documents/story.js';
import { answerEndlessly } from './api.js';
import { enter, expect, picture, test } from './longleaf.js';
import { seen } from './watch.js';
import * as window from './window.js';
import { words } from './window.js';

const { turn } = words.chat;

const ascends = (values: readonly number[]) =>
  values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));

/** Markdown takes its marks away once they are whole, so a growing answer may lose a few letters. */
const neverStartsOver = (lengths: readonly number[]) =>
  lengths.every((length, index) => length >= Math.max(0, ...lengths.slice(0, index)) - 40);

test('drops a PDF, watches it read, asks, and follows the answer to its page', async ({ page }) => {
  await picture(page, 'welcome');
  await window.drop(page, [
    window.file('treasure.pdf', storyPdf({ pages: 4, factOn: 3, title: 'Treasure Island' })),
  ]);
  await expect(window.readingCard(page).getByRole('progressbar')).toBeVisible();
  await picture(page, 'reading');
  await window.read(page);
  await expectProgressSeen(page);
  await expect(window.documents(page)).toHaveText(/Treasure Island/);

  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
  await expect(window.turns(page).getByRole('list', { name: turn.stats.label })).toContainText(
    /first word after .+ tokens\/s.*tokens read, [\d,]+ reused.*kept \d+ %.*(level \d+|exact)/,
  );

  await window.turns(page).getByRole('button', { name: '1 Page 3', exact: true }).click();
  const pane = page.getByRole('complementary', { name: words.document.label });
  await expect(pane.locator('mark')).toContainText(factAnswer);
  await expect(pane.locator('mark')).toBeInViewport();
  await expect(pane.getByRole('region', { name: 'Page 3' }).locator('mark')).toBeVisible();
  await expect(pane.getByRole('button', { name: /^Page [23] \/ 4$/ })).toBeVisible();
  await picture(page, 'evidence');
});

async function expectProgressSeen(page: Page): Promise<void> {
  const { bars, stages } = await seen(page);
  expect(Object.keys(bars)).toContain(words.library.importing.label('treasure.pdf'));
  expect(stages).toContain(words.library.importing.parsing);
  const read = bars[words.chat.reading.label]?.filter((value) => value !== null) ?? [];
  expect(new Set(read).size).toBeGreaterThan(4);
  expect(ascends(read)).toBe(true);
  expect(stages.join('\n')).toMatch(/[\d,]+ of [\d,]+ tokens +[\d,]+ tokens\/s +about .+ left/);
}

test('streams, stops, asks again and copies an answer', async ({ page, context, server, api }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 1 }))]);
  await window.read(page);
  await window.ask(page, 'Who is the captain?');
  await expect(window.answer(page)).toHaveText(/\S/);
  await picture(page, 'streaming');
  await window.answered(page);

  await answerEndlessly(api, server);
  const before = (await seen(page)).lengths.length;
  await window.ask(page, 'Tell me everything.');
  await expect.poll(async () => (await seen(page)).lengths.length).toBeGreaterThan(before + 5);
  await window.stopButton(page).click();
  await window.answered(page);
  const last = window.turns(page).last();
  const kept = await window.settledAnswer(page);
  expect(kept.length).toBeGreaterThan(20);
  expect(neverStartsOver((await seen(page)).lengths.slice(before + 1))).toBe(true);
  await expect(last).toContainText(turn.stopped);

  await last.getByRole('button', { name: turn.regenerate }).click();
  await window.stopButton(page).click({ trial: true });
  await expect(window.answer(page)).toHaveText(/\S/);
  await window.stopButton(page).click();
  await window.answered(page);
  await expect(last.getByText(turn.sibling(2, 2))).toBeAttached();
  await last.getByRole('button', { name: turn.previous }).click();
  await expect(last.getByText(turn.sibling(1, 2))).toBeAttached();
  expect(await window.settledAnswer(page)).toBe(kept);
  await last.getByRole('button', { name: turn.copy }).click();
  await expect(last.getByRole('button', { name: turn.copied })).toBeVisible();
  const conversationId = window.conversationId(page);
  const [, stopped] = (await api.call('conversations.get', { conversationId })).path;
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(stopped?.answer);
});

test('is exactly there after a reload, and after Longleaf was closed', async ({ page, server }) => {
  await window.pick(page, [
    window.file('treasure.pdf', storyPdf({ pages: 1, factOn: 1 })),
    window.file('second.pdf', storyPdf({ pages: 1, from: 400, title: 'Black Dog' })),
  ]);
  await window.read(page);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await window.ask(page, 'Who is the captain?');
  await window.answered(page);
  const before = await window.conversation(page);
  const conversation = window.conversationId(page);

  await page.reload();
  await expect(window.turns(page)).toHaveCount(2);
  await expect.poll(() => window.conversation(page)).toEqual(before);

  await server.stop();
  await server.start();
  await enter(page, server, conversation);
  await expect(window.turns(page)).toHaveCount(2);
  expect((await window.conversation(page)).turns).toEqual(before.turns);
  await expect(window.documents(page)).toHaveText([/Treasure Island/, /Black Dog/]);
});
