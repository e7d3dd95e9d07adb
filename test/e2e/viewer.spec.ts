// The document as its readers know it: pages drawn, places found and marked, text taken into the question.
import { fact, factQuestion, storyPdf } from '../fixtures/documents/story.js';
import { writePdf } from '../fixtures/documents/pdf-writer.js';
import { expect, picture, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';
import type { Locator, Page } from '@playwright/test';

const text = words.document;
const pane = (page: Page): Locator => page.getByRole('complementary', { name: text.label });
const showDocument = (page: Page) =>
  page.getByRole('button', { name: words.app.showDocument }).click();

/** How much of a canvas is not white. */
const ink = (canvas: Locator): Promise<number> =>
  canvas.evaluate((element: HTMLCanvasElement) => {
    const { width, height } = element;
    const { data } = element.getContext('2d')!.getImageData(0, 0, width, height);
    let dark = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at]! < 128 && data[at + 3]! > 0) dark += 1;
    return dark / (width * height);
  });

test('pages are drawn, and the place of an answer is marked on its page', async ({ page }) => {
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 4, factOn: 3 }))]);
  await window.read(page);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await page
    .getByRole('button', { name: /Page 3/ })
    .first()
    .click();
  const mark = pane(page).getByRole('region', { name: 'Page 3', exact: true }).locator('mark');
  await expect(mark.first()).toBeInViewport();
  const third = pane(page).getByRole('region', { name: 'Page 3', exact: true });
  await expect.poll(() => ink(third.locator('canvas'))).toBeGreaterThan(0.005);
  await picture(page, 'pdf-evidence');

  // The same place in the text.
  await pane(page).getByRole('button', { name: text.showText }).click();
  await expect(pane(page).locator('mark')).toBeInViewport();
  await expect(pane(page).locator('mark')).toContainText('48213');
});

test('finding, zoom and a passage taken into the question', async ({ page }) => {
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 6, factOn: 4 }))]);
  await window.read(page);
  await showDocument(page);
  await expect(pane(page).locator('canvas').first()).toBeVisible();
  await page.keyboard.press('Control+f');
  const field = pane(page).getByRole('textbox', { name: text.find.label });
  await field.fill('gilded FER');
  await expect(pane(page).getByRole('status')).toHaveText('1 of 1');
  const mark = pane(page).getByRole('region', { name: 'Page 4', exact: true }).locator('mark');
  await expect(mark.first()).toBeInViewport();
  await field.fill('captain');
  await expect(pane(page).getByRole('status')).toHaveText(/^1 of \d\d/); // not the earlier 1 of 1
  await field.press('Enter');
  await expect(pane(page).getByRole('status')).toHaveText(/^2 of \d/);
  await picture(page, 'pdf-find');
  await field.press('Escape');
  await expect(field).toBeHidden();

  const width = async () => (await pane(page).locator('.page').first().boundingBox())?.width ?? 0;
  const before = await width();
  await pane(page).getByRole('button', { name: text.larger }).click();
  await expect.poll(width).toBeGreaterThan(before * 1.2);

  const line = pane(page).locator('.page .text span').filter({ hasText: /\w{4}/ }).first();
  await line.evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    document.getSelection()?.removeAllRanges();
    document.getSelection()?.addRange(range);
  });
  const selected = await line.innerText();
  await pane(page).getByRole('button', { name: text.askSelection }).click();
  await expect(window.questionField(page)).toBeFocused();
  await expect(window.questionField(page)).toHaveValue(new RegExp(selected.trim().slice(0, 20)));
});

test('two thousand pages scroll with a handful of them in memory', async ({ page }, info) => {
  const pages = Array.from({ length: 2000 }, (_, index) => [
    `Heading of page ${index + 1}`,
    ...Array.from({ length: 30 }, (_, line) => `Line ${line} of page ${index + 1}. ${fact}`),
  ]);
  const outline = [0, 500, 1500].map((at): [string, number] => [`Part from ${at + 1}`, at]);
  const pdf = writePdf(pages, { title: 'Two thousand pages', outline });
  await window.pick(page, [window.file('large.pdf', pdf)]);
  await expect(window.documents(page)).toHaveCount(1);
  await showDocument(page);
  await expect(pane(page).locator('canvas').first()).toBeVisible();
  await pane(page)
    .getByRole('button', { name: /\/ 2,000/ })
    .click();
  await pane(page).getByRole('button', { name: 'Part from 1501' }).click();
  await expect(pane(page).getByRole('region', { name: 'Page 1501', exact: true })).toBeInViewport();

  const scroller = pane(page).getByRole('region', { name: 'Two thousand pages' });
  const figures = await scroller.evaluate(async (element) => {
    const gaps: number[] = [];
    let most = 0;
    let before = performance.now();
    for (let frame = 0; frame < 240; frame += 1) {
      element.scrollTop += frame % 40 === 0 ? 20_000 : 160;
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      gaps.push(now - before);
      before = now;
      most = Math.max(most, element.querySelectorAll('canvas').length);
    }
    gaps.sort((one, other) => one - other);
    return { median: gaps[120]!, p95: gaps[228]!, longest: gaps[239]!, pagesInMemory: most };
  });
  console.log('2,000 pages, ms between frames while scrolling:', JSON.stringify(figures));
  info.annotations.push({ type: 'figures', description: JSON.stringify(figures) });
  expect(figures.pagesInMemory).toBeLessThan(12);
  // Drawn without a graphics card, on a machine that may be busy: alone it is 25 ms, and 86 at most.
  expect(figures.median).toBeLessThan(150);
  expect(figures.longest).toBeLessThan(2000);
  await picture(page, 'pdf-two-thousand');
});
