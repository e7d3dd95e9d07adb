// Keeps a scrolled element at its end while its content grows, until the user scrolls up; resumes when the
// user comes back to the end. Growth and the user's hand are told apart by direction: content that grows never
// moves scrollTop up, so a scrollTop that fell while the content did not shrink was the user's doing.

/** How near the end counts as being there, in CSS pixels: about two lines of text. */
const endTolerancePx = 48;

/** Positions and heights are rounded, each its own way, in CSS pixels. */
const roundingPx = 2;

export interface ScrollPosition {
  scrollTop: number;
  scrollHeight: number;
  clientHeight: number;
}

export class StickState {
  sticking = true;
  #last: ScrollPosition = { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };

  static atEnd(position: ScrollPosition): boolean {
    const below = position.scrollHeight - position.clientHeight - position.scrollTop;
    return below <= endTolerancePx;
  }

  /** After every scroll event, whoever caused it. */
  scrolled({ scrollTop, scrollHeight, clientHeight }: ScrollPosition): void {
    const last = this.#last;
    const shrank = scrollHeight < last.scrollHeight || clientHeight > last.clientHeight;
    const wentUp = scrollTop < last.scrollTop - roundingPx;
    const wentDown = scrollTop > last.scrollTop;
    this.#last = { scrollTop, scrollHeight, clientHeight };
    if (wentUp && !shrank) this.sticking = false;
    else if (wentDown && StickState.atEnd(this.#last)) this.sticking = true;
  }

  /** Before a wheel turned up moves anything: on a busy page the content may grow, and be followed, first. */
  wheeledUp(): void {
    this.sticking = false;
  }

  /** After the content changed size: where to scroll to, or null to leave the user alone. */
  resized({ scrollTop, scrollHeight, clientHeight }: ScrollPosition): number | null {
    const target = this.sticking ? scrollHeight - clientHeight : null;
    // What is reached, not what was left: the user's hand is measured from there.
    this.#last = { scrollTop: target ?? scrollTop, scrollHeight, clientHeight };
    return target;
  }
}

export interface Stick {
  /** Go to the end and stay there: after the user asks. */
  toEnd(): void;
  destroy(): void;
}

/**
 * Binds the state to an element and its growing content; `onChange` hears whether the end is on screen, or is about
 * to be: content that grew since the last frame is followed before the next is painted.
 */
export function stickToBottom(
  element: HTMLElement,
  content: HTMLElement,
  onChange: (atEnd: boolean) => void,
): Stick {
  const state = new StickState();
  const tell = () => onChange(state.sticking || StickState.atEnd(element));
  const onWheel = ({ deltaY, ctrlKey }: WheelEvent) => {
    // With Ctrl it zooms, and at the top it moves nothing.
    if (deltaY < 0 && !ctrlKey && element.scrollTop > 0) state.wheeledUp();
  };
  const onScroll = () => {
    state.scrolled(element);
    tell();
  };
  const observer = new ResizeObserver(() => {
    const target = state.resized(element);
    if (target !== null) element.scrollTop = target;
    tell();
  });
  element.addEventListener('scroll', onScroll, { passive: true });
  element.addEventListener('wheel', onWheel, { passive: true });
  observer.observe(content);
  observer.observe(element);
  return {
    toEnd() {
      state.sticking = true;
      element.scrollTop = element.scrollHeight;
    },
    destroy() {
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('wheel', onWheel);
      observer.disconnect();
    },
  };
}
