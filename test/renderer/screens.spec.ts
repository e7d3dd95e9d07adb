// Every screen in light (wide) and dark (narrow): without accessibility violations by axe and nothing wider than
// the window, then in German, with a picture to look at in test-results/window. LONGLEAF_PICTURES=FOLDER takes both
// themes at three sizes instead. At last in German at 200 % of 1280 by 800: everything must still be reached.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expectNoOverflow, expectNothingSpills, expectReachable } from './layout.js';
import { screens } from './screens.js';
import { changeSettings, expect, test } from './window.js';

const wide = { width: 1440, height: 900 };
const middle = { width: 1024, height: 700 };
const zoomed = { width: 640, height: 400 };
const narrow = { width: 720, height: 900 };

const everyPicture = process.env.LONGLEAF_PICTURES;
const pictures = everyPicture ?? join('test-results', 'window');
const looks = [
  { theme: 'light', sizes: everyPicture ? [wide, middle, narrow] : [wide] },
  { theme: 'dark', sizes: everyPicture ? [narrow, middle, wide] : [narrow] },
];

async function setTheme(page: Page, theme: string): Promise<void> {
  await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  expect(found).toEqual([]);
}

for (const screen of screens) {
  test(screen.name, async ({ page, show }) => {
    mkdirSync(pictures, { recursive: true });
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.setViewportSize(wide);
    await show(screen);
    await screen.act?.(page);
    for (const { theme, sizes } of looks) {
      await setTheme(page, theme);
      for (const [index, size] of sizes.entries()) {
        await page.setViewportSize(size);
        await page.waitForTimeout(60);
        const name = `${screen.name}-${theme}-${size.width}.png`;
        await page.screenshot({ path: join(pictures, name) });
        await expectNoOverflow(page);
        if (index === 0) await expectAccessible(page);
      }
    }
    if (screen.reloads) return;
    // The same in German, whose words are longer: exchanged on the spot, in whatever state the window is.
    await changeSettings(page, { language: 'de' });
    await expect(page.locator('html')).toHaveAttribute('lang', 'de');
    await page.waitForTimeout(60);
    await page.screenshot({ path: join(pictures, `${screen.name}-german.png`) });
    await expectNoOverflow(page);
    await expectNothingSpills(page);
    // At 200 % of a small screen.
    await page.setViewportSize(zoomed);
    await page.waitForTimeout(60);
    await page.screenshot({ path: join(pictures, `${screen.name}-zoomed.png`) });
    await expectNoOverflow(page);
    await expectNothingSpills(page);
    await expectReachable(page);
  });
}
