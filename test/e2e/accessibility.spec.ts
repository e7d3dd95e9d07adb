// axe-core over every kind of screen, in both themes. Serious and critical violations fail.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { factQuestion, storyPdf } from '../fixtures/documents/story.js';
import * as bad from '../fixtures/documents/bad-files.js';
import { expect, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target }) => target) }));
    expect(serious, colorScheme).toEqual([]);
  }
}

test('the first screen, and one with files that were refused', async ({ page }) => {
  await expectAccessible(page);
  await window.pick(page, [window.file('scan.pdf', bad.scannedPdf())]);
  await expect(window.importFailure(page, 'scan.pdf')).toBeVisible();
  await expectAccessible(page);
});

test('a conversation with an answer and its document', async ({ page }) => {
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 1, factOn: 1 }))]);
  await window.read(page);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await window.turns(page).getByRole('button', { name: '1 Page 1', exact: true }).click();
  const pane = page.getByRole('complementary', { name: words.document.label });
  await expect(pane.locator('mark')).toBeVisible();
  await expectAccessible(page);
});

test('every page of the settings', async ({ page }) => {
  for (const section of ['model', 'reading', 'answers', 'appearance', 'about'] as const) {
    await window.openSettings(page, section);
    await expectAccessible(page);
    await window.closeDialog(page);
  }
});
