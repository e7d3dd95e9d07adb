// The whole journey without a pointer, from the first Tab on.
import type { Page } from '@playwright/test';
import { factAnswer, factQuestion, storyPdf } from '../fixtures/documents/story.js';
import { answerEndlessly } from './api.js';
import { expect, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const label = element instanceof HTMLInputElement ? element.labels?.[0] : undefined;
    const name = element?.getAttribute('aria-label') ?? (label ?? element)?.textContent;
    return name?.trim() ?? '';
  });

/** Tabs until something of this name has the focus; every stop on the way must be visible. */
async function tabTo(page: Page, name: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press(key);
    const here = page.locator(':focus');
    if ((await here.count()) > 0) await expect(here).toBeInViewport();
    if ((await focused(page)) === name) return;
  }
  throw new Error(`${key} never reached “${name}”.`);
}

test('adds, asks, stops and follows the answer by keyboard alone', async ({
  page,
  server,
  api,
}) => {
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe(words.app.skip);
  await tabTo(page, words.library.import);
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Enter');
  const story = storyPdf({ pages: 2, factOn: 2 });
  await (await chooser).setFiles([window.file('treasure.pdf', story)]);
  await window.read(page);

  await expect(window.questionField(page)).toBeFocused();
  await page.keyboard.type(factQuestion);
  await page.keyboard.press('Enter');
  await expect(window.turns(page)).toHaveCount(1);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);

  await tabTo(page, words.chat.turn.reference(1, 'Page 2'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  const pane = page.getByRole('complementary', { name: words.document.label });
  await expect(pane.locator('mark')).toContainText(factAnswer);
  await page.keyboard.press('Escape');
  await expect(pane).toBeHidden();

  await answerEndlessly(api, server);
  await tabTo(page, words.chat.composer.label);
  await page.keyboard.type('First line');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('second line');
  await page.keyboard.press('Enter');
  await expect(window.turns(page).last()).toContainText('First line\nsecond line');
  await tabTo(page, words.chat.composer.stop);
  await page.keyboard.press('Enter');
  await window.answered(page);
  await expect(window.questionField(page)).toBeFocused();

  await page.keyboard.type('Once more');
  await page.keyboard.press('Enter');
  await expect(window.turns(page)).toHaveCount(3);
  await expect(window.answer(page)).toHaveText(/\S/);
  await page.keyboard.press('Escape');
  await window.answered(page);
  await expect(window.turns(page).last()).toContainText(words.chat.turn.stopped);
});

test('skips to the conversation, moves the slider and works menus and dialogs', async ({
  page,
  api,
}) => {
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 1 }))]);
  await window.read(page);
  const conversation = window.conversationId(page);
  await tabTo(page, words.app.skip, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await expect(window.documents(page)).toHaveCount(1);
  expect(window.conversationId(page)).toBe(conversation);

  await tabTo(page, words.chat.level.label);
  await page.keyboard.press('Home');
  await expect.poll(async () => (await api.call('settings.get', {})).level).toBe(0);

  await tabTo(page, words.library.menu('Treasure Island'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: words.library.rename })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('Pirates');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Pirates' })).toBeVisible();

  await page.keyboard.press('ControlOrMeta+Comma');
  const dialog = page.getByRole('dialog', { name: words.settings.title });
  await expect(dialog).toBeVisible();
  await tabTo(page, words.settings.sections.appearance);
  await page.keyboard.press('Enter');
  await tabTo(page, words.settings.theme.system);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});
