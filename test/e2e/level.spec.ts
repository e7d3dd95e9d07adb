// The slider: what it changes, when, and how the window says so.
import type { Page } from '@playwright/test';
import { levelBand } from '../../renderer/chat/levels.js';
import { storyPdf } from '../fixtures/documents/story.js';
import { expect, picture, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

const { level, reading, kept, turn } = words.chat;

const named = (position: number) => level.value(position, level.bands[levelBand(position)]);

/** The kept percentages of the reading on screen, layer by layer, from the table behind the bars. */
async function keptPerLayer(page: Page): Promise<number[]> {
  await window.readingCard(page).getByRole('button', { name: kept.asTable }).click();
  const table = window.readingCard(page).getByRole('table');
  await expect(table).toBeVisible();
  const cells = await table.locator('tbody td:not([aria-hidden])').allInnerTexts();
  await picture(page, 'kept-per-layer');
  await page.keyboard.press('Escape');
  await expect(table).toBeHidden();
  return cells.map((cell) => Number.parseInt(cell, 10));
}

async function slideTo(page: Page, key: 'Home' | 'End'): Promise<void> {
  const slider = page.getByRole('main').getByRole('slider', { name: level.label });
  await slider.focus();
  await page.keyboard.press(key);
}

test('a move of the slider counts for the next reading, and level 0 keeps everything', async ({
  page,
  api,
}) => {
  // Long enough for the first and the nearest blocks, which level 100 looks into, to be few.
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 8, factOn: 1 }))]);
  await window.read(page);
  const card = window.readingCard(page);
  const [model] = await api.call('models.list', {});
  const start = model?.defaultLevel ?? 0;
  expect(start).toBeGreaterThan(0);
  await expect(card).toContainText(level.madeAt(named(start)));
  const first = await keptPerLayer(page);
  expect(first).toHaveLength(model?.info?.layers ?? 0);
  expect(Math.min(...first)).toBeLessThan(100);

  await slideTo(page, 'Home');
  await expect(card).toContainText(reading.otherLevel(named(0)));
  await expect(card).toContainText(level.madeAt(named(start)));
  await card.getByRole('button', { name: reading.again(named(0)) }).click();
  await window.read(page);
  await expect(card).toContainText(level.madeAt(named(0)));
  expect(await keptPerLayer(page)).toEqual(first.map(() => 100));

  await slideTo(page, 'End');
  await expect(card).toContainText(reading.otherLevel(named(100)));
  await window.ask(page, 'Who is the captain?');
  await window.answered(page);
  const statistics = window.turns(page).getByRole('list', { name: turn.stats.label });
  await expect(statistics).toContainText(turn.stats.level(100));
  await expect(card).toContainText(level.madeAt(named(100)));
  const last = await keptPerLayer(page);
  const mean = (values: number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  expect(mean(last)).toBeLessThan(mean(first));
});
