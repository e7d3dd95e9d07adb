import type { Page } from '@playwright/test';

/**
 * Has the page's file choosers caught from its first one on. A test that waits for one asks for that beside its key,
 * not before it: while nothing else listens, a quick key overtakes the asking, and the chooser opens unseen.
 */
export function catchChoosers(page: Page): void {
  page.on('filechooser', () => {});
}
