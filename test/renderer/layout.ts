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
