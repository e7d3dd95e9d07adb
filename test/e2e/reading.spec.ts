// Reading can be given up at any time, and a question need not wait for its end.
import { readFileSync } from 'node:fs';
import { factAnswer, factQuestion, storyPdf } from '../fixtures/documents/story.js';
import { expect, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

const { reading, turn } = words.chat;
const novel = readFileSync(new URL('../fixtures/novel.txt', import.meta.url));
const underWay = /^[1-9]/;

test('Cancel gives a reading up, and another document is read at once', async ({ page }) => {
  await window.pick(page, [window.file('novel.txt', novel)]);
  const card = window.readingCard(page);
  await expect(card.getByRole('progressbar')).toHaveAttribute('aria-valuenow', underWay);
  await card.getByRole('button', { name: reading.cancel }).click();
  await expect(card).toContainText(reading.unread);
  await expect(card.getByRole('button', { name: reading.read })).toBeEnabled();

  await window.library(page).getByRole('button', { name: words.library.newConversation }).click();
  await expect(window.documents(page)).toHaveCount(0);
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 1, factOn: 1 }))]);
  await expect(window.documents(page)).toHaveCount(1);
  await window.read(page);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
});

test('a question asked while it reads waits for the end, or is stopped before it', async ({
  page,
}) => {
  await window.pick(page, [window.file('novel.txt', novel)]);
  const bar = page.getByRole('main').getByRole('progressbar');
  await expect(bar).toHaveAttribute('aria-valuenow', underWay);
  await window.ask(page, 'Who is the captain?');
  await expect(window.turns(page).getByRole('progressbar')).toBeVisible();
  await window.stopButton(page).click();
  await window.answered(page);
  await expect(window.turns(page)).toContainText(turn.stoppedEmpty);

  await window.library(page).getByRole('button', { name: words.library.newConversation }).click();
  await expect(window.documents(page)).toHaveCount(0);
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 1, factOn: 1 }))]);
  await expect(window.documents(page)).toHaveCount(1);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
  await expect(window.turns(page).getByRole('list', { name: turn.stats.label })).toBeVisible();
});
