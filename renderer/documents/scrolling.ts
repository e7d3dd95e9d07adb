// What a scroller of anchors does, whatever it shows of them.
import type { Anchor } from '../../main/contract/index.js';
import type { Heights } from './virtual.js';

/** Of the anchor that a position of the text is in; -1: it is in none. */
export const anchorIndexAt = (anchors: readonly Anchor[], position: number): number =>
  anchors.findIndex(({ start, end }) => position >= start && position < end);

/** Not scrollIntoView: that would scroll the window around the pane, too. */
export function center(scroller: HTMLElement, mark: Element): void {
  const { top, height } = mark.getBoundingClientRect();
  const middle = scroller.getBoundingClientRect().top + scroller.clientHeight / 2;
  scroller.scrollTop += top + Math.min(height, scroller.clientHeight / 2) / 2 - middle;
}

/** Takes a height as it was laid out; what is on screen does not jump. True when the layout changed. */
export function takeHeight(
  heights: Heights,
  scroller: HTMLElement,
  index: number,
  height: number,
): boolean {
  const above = heights.topOf(index) + heights.heightOf(index) <= scroller.scrollTop;
  const before = heights.heightOf(index);
  if (!heights.measure(index, height)) return false;
  if (above) scroller.scrollTop += height - before;
  return true;
}
