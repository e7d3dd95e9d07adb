// What an answer may do in a real page, under the shells' policy: hostile Markdown, references, streaming.
import type { Page } from '@playwright/test';
import { ask, expect, test } from './window.js';

const answer = (page: Page) => page.locator('article').last().locator('.answer');

/** A machine on which a rendering may cost more than a frame has. */
async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 6 });
}

test('hostile Markdown shows as text and does nothing', async ({ page, show }) => {
  await show({ conversation: 'c1' });
  await ask(page, 'What now? [xss]');
  await expect(answer(page)).toContainText('<script>window.hacked = 1</script>');
  const found = await answer(page).evaluate((root) => ({
    hacked: (window as unknown as { hacked?: number }).hacked,
    tags: [...new Set([...root.querySelectorAll('*')].map(({ localName }) => localName))],
    handlers: [...root.querySelectorAll('*')].flatMap((element) =>
      element.getAttributeNames().filter((name) => name.startsWith('on') || name === 'style'),
    ),
    links: [...root.querySelectorAll('a')].map((link) => [link.getAttribute('href'), link.rel]),
  }));
  expect(found.hacked).toBeUndefined();
  for (const tag of ['script', 'img', 'iframe', 'svg', 'style', 'form', 'math', 'input'])
    expect(found.tags).not.toContain(tag);
  expect(found.handlers).toEqual([]);
  // The picture became a link, which asks before it opens.
  const rel = 'noopener noreferrer nofollow';
  expect(found.links).toEqual([
    ['https://tracker.example/pixel.png', rel],
    ['https://tracker.example/auto', rel],
  ]);
});

test('a link is shown in full before anything is opened', async ({ page, show, context }) => {
  await show({ conversation: 'c1' });
  const link = page.getByRole('link', { name: 'the harbour office' });
  await link.click();
  const dialog = page.getByRole('dialog', { name: 'Open this link outside Longleaf?' });
  await expect(dialog).toContainText('https://example.org/harbour');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(link).toBeFocused();
  expect(context.pages()).toHaveLength(1);
});

test('a table wider than the column scrolls by itself', async ({ page, show }) => {
  await show({ conversation: 'c1' });
  await ask(page, 'Everything as a table, please. [table]');
  const table = answer(page).getByRole('table');
  await expect(table.getByRole('row')).toHaveCount(201);
  const sizes = await table.evaluate((element) => ({
    column: element.closest('.answer')!.clientWidth,
    shown: Math.floor(element.getBoundingClientRect().width),
    whole: element.scrollWidth,
  }));
  expect(sizes.shown).toBeLessThanOrEqual(sizes.column);
  expect(sizes.whole).toBeGreaterThan(sizes.column);
});

test('a quotation leads to its place in the document', async ({ page, show }) => {
  await show({ conversation: 'c1' });
  const quoted = page.locator('mark.quoted').first();
  await expect(quoted).toHaveText('The access code of the gilded ferry is 48213.');
  const reference = page.getByRole('button', { name: 'Show quotation 1, Page 41' }).first();
  await reference.press('Enter');
  const pane = page.getByRole('complementary', { name: 'Document' });
  const place = pane.locator('mark');
  await expect(place).toBeInViewport();
  await expect(place).toHaveText('The access code of the gilded ferry is 48213.');
  await expect(pane.getByRole('button', { name: /^Page 41/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(pane).toBeHidden();
});

test('a document closed before its place is found leaves nothing behind', async ({
  page,
  show,
}) => {
  await show({ conversation: 'c1' });
  for (let times = 0; times < 5; times += 1) {
    await page.evaluate(() => {
      const press = () =>
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
      document.querySelector<HTMLElement>('.reference')!.click();
      setTimeout(press, 1);
    });
    await page.waitForTimeout(80);
  }
  await expect(page.getByRole('complementary', { name: 'Document' })).toBeHidden();
});

test('the document is read only near the screen, and jumped through by page', async ({
  page,
  show,
}) => {
  await show({ conversation: 'c1' });
  await page.getByRole('button', { name: 'Show the document' }).click();
  const pane = page.getByRole('complementary', { name: 'Document' });
  await expect(pane.getByText('Page 1', { exact: true })).toBeVisible();
  expect(await pane.locator('section').count()).toBeLessThan(20);
  await pane.getByRole('button', { name: /^Page 1/ }).click();
  await pane.getByRole('textbox', { name: 'Go to' }).fill('299');
  await page.keyboard.press('Enter');
  await expect(pane.getByRole('region', { name: 'Page 299', exact: true })).toBeInViewport();
  await expect(pane.getByRole('button', { name: /^Page 299/ })).toBeVisible();
});

test('a long answer streams without blocking, at most one change of the page per frame', async ({
  page,
  show,
}) => {
  await show({ conversation: 'c1' });
  await slowDown(page);
  await page.evaluate(() => {
    const counts = { frames: 0, batches: 0, worst: 0 };
    let changed = 0;
    (window as unknown as { counts: typeof counts }).counts = counts;
    new MutationObserver((records) => {
      if (records.some(({ type }) => type === 'childList')) changed += 1;
    }).observe(document.querySelector('main')!, { subtree: true, childList: true });
    const frame = () => {
      counts.frames += 1;
      counts.batches += changed;
      counts.worst = Math.max(counts.worst, changed);
      changed = 0;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await page.getByRole('textbox', { name: 'Your question' }).fill('Tell all. [long]');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Crossing 20', exact: true })).toBeAttached();
  await page.evaluate(() => {
    const { counts } = window as unknown as { counts: { worst: number } };
    counts.worst = 0;
  });
  await page.waitForTimeout(1_500);
  const counts = await page.evaluate(
    () => (window as unknown as { counts: { frames: number; worst: number } }).counts,
  );
  await page.keyboard.press('Escape');
  await expect(page.getByText('Stopped. What had been written is kept.').first()).toBeAttached();
  expect(counts.frames).toBeGreaterThan(10);
  expect(counts.worst).toBe(1);
});

test('while an answer streams, the view follows it until the reader scrolls up', async ({
  page,
  show,
}) => {
  await show({ conversation: 'c1' });
  await slowDown(page);
  const offered = await page.evaluateHandle(() => {
    const seen = { times: 0 };
    new MutationObserver((records) => {
      const added = records.flatMap((record) => [...record.addedNodes]);
      seen.times += added.filter((node) => (node as Element).matches?.('.to-end')).length;
    }).observe(document.querySelector('main')!, { subtree: true, childList: true });
    return seen;
  });
  await page.getByRole('textbox', { name: 'Your question' }).fill('Tell all. [long]');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Crossing 5', exact: true })).toBeAttached();
  const toEnd = page.getByRole('button', { name: 'To the latest' });
  await expect(toEnd).toBeHidden();
  expect(await offered.evaluate(({ times }) => times)).toBe(0);
  await page.mouse.move(800, 400);
  await page.mouse.wheel(0, -900);
  await expect(toEnd).toBeVisible();
  const scrolled = () =>
    page
      .getByRole('log')
      .or(page.locator('.scroller'))
      .first()
      .evaluate((e) => e.scrollTop);
  const before = await scrolled();
  await expect(page.getByRole('heading', { name: 'Crossing 12', exact: true })).toBeAttached();
  expect(Math.abs((await scrolled()) - before)).toBeLessThan(2);
  await toEnd.click();
  await expect(toEnd).toBeHidden();
});
