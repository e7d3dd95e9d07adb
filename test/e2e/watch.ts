// What a user would see pass by: every value of every progress bar and every length of the last answer, taken
// down as the page changes, so that no test has to look at the right moment.
import type { Page } from '@playwright/test';

export interface Seen {
  /** By the bar's label: its values in percent, in order, without repetitions; null while unknown. */
  bars: Record<string, (number | null)[]>;
  /** Text shown beside the bar of an import, in order. */
  stages: string[];
  /** Characters of the answer on its way. */
  lengths: number[];
}

/** Before the page is opened. */
export async function watchFromTheStart(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: Seen = { bars: {}, stages: [], lengths: [] };
    (globalThis as unknown as { seen: Seen }).seen = seen;
    const note = <T>(list: T[], value: T) => {
      if (list.at(-1) !== value) list.push(value);
    };
    const look = () => {
      for (const bar of document.querySelectorAll('[role=progressbar]')) {
        const now = bar.getAttribute('aria-valuenow');
        const label = bar.getAttribute('aria-label') ?? '';
        note((seen.bars[label] ??= []), now === null ? null : Number(now));
        note(seen.stages, bar.nextElementSibling?.textContent ?? '');
      }
      const answer = [...document.querySelectorAll('[aria-busy=true]')].at(-1);
      if (answer) note(seen.lengths, answer.textContent.length);
    };
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
  });
}

export function seen(page: Page): Promise<Seen> {
  return page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
}
