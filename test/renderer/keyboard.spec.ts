// Everything by keyboard: each control is reached, shows that it is, and gives focus back.
import type { Page } from '@playwright/test';
import { ask, expect, test } from './window.js';

const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const field = element.closest('.box');
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return {
      name: element.getAttribute('aria-label') ?? element.textContent.trim(),
      visible: ring || (field !== null && getComputedStyle(field).boxShadow !== 'none'),
    };
  });

/** Names of what Tab reaches, in order, until it comes round. */
async function tabThrough(page: Page): Promise<string[]> {
  const names: string[] = [];
  for (let presses = 0; presses < 120; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (at === null) break;
    expect(at.visible, `focus is seen on "${at.name}"`).toBe(true);
    names.push(at.name);
  }
  return names;
}

test('every control of a conversation is reached with Tab and shows it', async ({ page, show }) => {
  await show({ options: 'welcomed', conversation: 'c1' });
  await page.getByRole('button', { name: 'Show the document' }).click();
  await expect(page.getByText('Page 1', { exact: true })).toBeVisible();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.evaluate(() => getSelection()?.removeAllRanges());
  await page.getByRole('link', { name: 'Skip to the conversation' }).focus();
  const reached = await tabThrough(page);
  const expected = await page.evaluate(() => {
    const reachable = 'button, input, textarea, a[href], select, [tabindex="0"]';
    return [...document.querySelectorAll<HTMLElement>(reachable)]
      .filter((element) => element.tabIndex >= 0 && element.checkVisibility())
      .filter((element) => !element.matches(':disabled, .skip') && !element.closest('[popover]'))
      .map((element) => element.getAttribute('aria-label') ?? element.textContent.trim());
  });
  expect(expected.length).toBeGreaterThan(25);
  expect([...new Set(expected)].filter((name) => !reached.includes(name))).toEqual([]);
});

test('the skip link goes past the library', async ({ page, show }) => {
  await show({ options: 'welcomed', conversation: 'c1' });
  await page.getByRole('link', { name: 'Skip to the conversation' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
});

test('shortcuts do what the list says they do', async ({ page, show }) => {
  await show({ options: 'welcomed', conversation: 'c1' });
  await page.keyboard.press('Control+/');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(list.getByRole('term')).toHaveText([
    'Add documents',
    'New conversation',
    'Find in everything',
    'Show or hide the document',
    'Find in the document',
    'Settings',
    'Ask',
    'New line in the question',
    'Stop the answer, or close what is open',
    'This list',
  ]);
  await page.keyboard.press('Escape');
  await expect(list).toBeHidden();

  await page.keyboard.press('Control+k');
  await expect(page.getByRole('searchbox', { name: 'Find in everything' })).toBeFocused();
  await page.keyboard.press('Control+d');
  await expect(page.getByRole('complementary', { name: 'Document' })).toBeVisible();
  await page.keyboard.press('Control+d');
  await expect(page.getByRole('complementary', { name: 'Document' })).toBeHidden();
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Control+o');
  expect((await chooser).isMultiple()).toBe(true);
  await page.keyboard.press('Alt+n');
  await expect(page.getByRole('heading', { name: 'New conversation' })).toBeVisible();
});

test('a dialog keeps focus inside and gives it back', async ({ page, show }) => {
  await show({ options: 'welcomed', conversation: 'c1' });
  const opener = page.getByRole('button', { name: 'Settings', exact: true });
  await opener.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await expect(dialog).toBeVisible();
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    const inside = await dialog.evaluate(
      (element) =>
        element.contains(document.activeElement) || document.activeElement === document.body,
    );
    expect(inside).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test('a menu is walked with arrows, and Escape returns to its button', async ({ page, show }) => {
  await show({ options: 'welcomed' });
  const button = page.getByRole('button', { name: /^More for The Ferryman/ });
  await button.focus();
  await page.keyboard.press('Enter');
  const menu = page.getByRole('menu', { name: /^More for The Ferryman/ });
  await expect(menu.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(menu.getByRole('menuitem', { name: 'Delete' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(menu.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(button).toBeFocused();
});

test('in a narrow window the library is a drawer: it takes focus and returns it', async ({
  page,
  show,
}) => {
  await page.setViewportSize({ width: 720, height: 900 });
  await show({ options: 'welcomed', conversation: 'c1' });
  const library = page.getByRole('navigation', { name: 'Library' });
  await expect(library).toBeHidden();
  const opener = page.getByRole('button', { name: 'Show the library' });
  await opener.press('Enter');
  await expect(page.getByRole('button', { name: 'Longleaf, Home' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(library).toBeHidden();
  await expect(opener).toBeFocused();
});

test('in a narrow window a document covers the conversation: nothing under it takes focus', async ({
  page,
  show,
}) => {
  await page.setViewportSize({ width: 720, height: 900 });
  await show({ options: 'welcomed', conversation: 'c1' });
  const opener = page
    .getByRole('main')
    .getByRole('button', { name: 'Show the document', exact: true });
  await opener.press('Enter');
  const inDocument = () => page.evaluate(() => !!document.activeElement?.closest('.document'));
  await expect.poll(inDocument).toBe(true);
  const inMain = () => page.evaluate(() => !!document.activeElement?.closest('main'));
  for (let i = 0; i < 30; i += 1) {
    await page.keyboard.press('Tab');
    expect(await inMain()).toBe(false);
  }
  await page.getByRole('button', { name: 'Close the document' }).press('Enter');
  await expect(opener).toBeFocused();
});

test('the slider moves by arrows and says what it means', async ({ page, show }) => {
  await show({ options: 'welcomed', conversation: 'c1' });
  const slider = page.getByRole('slider', { name: 'Speed and accuracy of reading' });
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(slider).toHaveAttribute('aria-valuetext', /^Exact \(0\)/);
  await page.keyboard.press('End');
  await expect(slider).toHaveAttribute('aria-valuetext', /^Fast \(100\)/);
  await expect(page.getByText('Expect missed details.')).toBeVisible();
  await page.keyboard.press('PageDown');
  await expect(slider).toHaveAttribute('aria-valuetext', /^Fast \(9\d\)|^Fast \(90\)/);
});

test('screen readers hear an answer begin and end, and nothing in between', async ({
  page,
  show,
}) => {
  await show({ conversation: 'c1' });
  await page.evaluate(() => {
    const heard: string[] = [];
    (window as unknown as { heard: string[] }).heard = heard;
    new MutationObserver((records) => {
      for (const { target } of records) {
        const element = target instanceof Element ? target : target.parentElement;
        const live = element?.closest('[aria-live=polite], [role=status], [role=alert]');
        if (live && heard.at(-1) !== live.textContent.trim()) heard.push(live.textContent.trim());
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await ask(page, 'What is the access code?');
  const heard = await page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  expect(heard[0]).toBe('Answering');
  expect(heard[1]).toMatch(/^The answer is ready\. The access code of the gilded ferry is/);
  expect(heard).toHaveLength(2);
});

test('reading is told at every quarter', async ({ page, show }) => {
  await show({ options: 'state=reading', conversation: 'c3' });
  const bar = page.getByRole('progressbar', { name: 'Reading progress' });
  await expect(bar).toHaveAttribute('aria-valuenow', /\d+/);
  await expect(page.getByText('25 % read')).toBeAttached({ timeout: 20_000 });
});

test('nothing moves for those who asked for stillness', async ({ page, show }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await show({ options: 'state=reading', conversation: 'c1' });
  await page.keyboard.press('Control+,');
  const moving = await page.evaluate(() => document.getAnimations().length);
  expect(moving).toBe(0);
  const durations = await page.evaluate(() => [
    ...new Set(
      [...document.querySelectorAll('*')].map((e) => getComputedStyle(e).transitionDuration),
    ),
  ]);
  expect(durations).toEqual(['0s']);
});

test('what is deleted hands the focus to its neighbour', async ({ page, show }) => {
  await show({ options: 'welcomed' });
  const library = page.getByRole('navigation', { name: 'Library' });
  await library.getByRole('button', { name: /^More for What is the access/ }).press('Enter');
  await expect(page.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Deleted “What is the access')).toBeVisible();
  await expect(library.getByRole('button', { name: /^Which annexes/ })).toBeFocused();
});
