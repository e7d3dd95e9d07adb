// Every screen in light (wide) and dark (narrow): without accessibility violations by axe and nothing wider than
// the window, with a picture to look at in test-results/window. LONGLEAF_PICTURES=FOLDER takes both themes at
// three sizes instead.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { screens } from './screens.js';
import { expect, test } from './window.js';

test.use({ trace: 'off' });

const wide = { width: 1440, height: 900 };
const middle = { width: 1024, height: 700 };
const narrow = { width: 720, height: 900 };

const everyPicture = process.env.LONGLEAF_PICTURES;
const pictures = everyPicture ?? join('test-results', 'window');
const looks = everyPicture
  ? [
      { theme: 'light', sizes: [wide, middle, narrow] },
      { theme: 'dark', sizes: [narrow, middle, wide] },
    ]
  : [
      { theme: 'light', sizes: [wide] },
      { theme: 'dark', sizes: [narrow] },
    ];

async function expectNoOverflow(page: Page): Promise<void> {
  const overflow = await page.evaluate(() => {
    const { scrollWidth } = document.documentElement;
    return scrollWidth - window.innerWidth;
  });
  expect(overflow, 'px wider than the window').toBeLessThanOrEqual(0);
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  expect(found).toEqual([]);
}

for (const screen of screens) {
  for (const { theme, sizes } of looks) {
    test(`${screen.name}, ${theme}`, async ({ page, show }) => {
      mkdirSync(pictures, { recursive: true });
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await page.setViewportSize(wide);
      await show({ ...screen, options: `${screen.options ?? ''}&theme=${theme}` });
      await screen.act?.(page);
      for (const [index, size] of sizes.entries()) {
        await page.setViewportSize(size);
        await page.waitForTimeout(60);
        const name = `${screen.name}-${theme}-${size.width}.png`;
        await page.screenshot({ path: join(pictures, name) });
        await expectNoOverflow(page);
        if (index === 0) await expectAccessible(page);
      }
    });
  }
}
