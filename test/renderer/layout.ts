// What must not be seen: a page wider than the window, text that runs out of its box, controls over one another.
import { expect, type Page } from '@playwright/test';

export async function expectNoOverflow(page: Page): Promise<void> {
  const overflow = await page.evaluate(() => {
    const { scrollWidth } = document.documentElement;
    return scrollWidth - window.innerWidth;
  });
  expect(overflow, 'px wider than the window').toBeLessThanOrEqual(0);
}

/** Texts on screen that are wider than the box they stand in, and neither scroll nor end in an ellipsis. */
export async function expectNothingSpills(page: Page): Promise<void> {
  const spilled = await page.evaluate(() => {
    const hasText = (element: Element) =>
      [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
    const spills = (element: HTMLElement) => {
      const { display, overflowX } = getComputedStyle(element);
      if (display === 'inline' || overflowX !== 'visible') return false;
      return element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1;
    };
    return [...document.querySelectorAll<HTMLElement>('body *')]
      .filter((element) => hasText(element) && element.checkVisibility() && spills(element))
      .map((element) => `${element.className}: ${element.innerText.slice(0, 60)}`);
  });
  expect(spilled).toEqual([]);
}

/** Every control can be brought on screen whole enough to be pressed, with nothing else over it. */
export async function expectReachable(page: Page): Promise<void> {
  const lost = await page.evaluate(() => {
    // In a small window the document covers the rest.
    const pane = document.querySelector<HTMLElement>('.app > .document');
    const cover = pane && getComputedStyle(pane).position === 'fixed' ? pane : document.body;
    const top = document.querySelector('dialog[open]') ?? cover;
    const controls = top.querySelectorAll<HTMLElement>('button, input, select, textarea, a[href]');
    const isLost = (control: HTMLElement) => {
      control.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      const { left, top, width, height } = control.getBoundingClientRect();
      const hit = document.elementFromPoint(left + width / 2, top + height / 2);
      return !hit || !(control.contains(hit) || hit.contains(control));
    };
    return [...controls]
      .filter((control) => control.checkVisibility({ visibilityProperty: true }))
      .filter((control) => !control.matches('.skip, .scrim, :disabled, [hidden]'))
      .filter((control) => control.getBoundingClientRect().width > 1 && isLost(control))
      .map((control) => `${control.className}: ${control.ariaLabel ?? control.innerText}`);
  });
  expect(lost).toEqual([]);
}
