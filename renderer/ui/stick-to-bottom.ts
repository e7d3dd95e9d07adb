// Keeps a scrolled element at its end while its content grows, until the user scrolls up; resumes when the
// user comes back to the end. Growth and the user's hand are told apart by direction: content that grows never
// moves scrollTop up, so a scrollTop that fell while the content did not shrink was the user's doing.

/** How near the end counts as being there, in CSS pixels: about two lines of text. */
const endTolerancePx = 48;

export interface ScrollPosition {
  scrollTop: number;
  scrollHeight: number;
  clientHeight: number;
}

const copy = ({ scrollTop, scrollHeight, clientHeight }: ScrollPosition): ScrollPosition => ({
  scrollTop,
  scrollHeight,
  clientHeight,
});

export class StickState {
  sticking = true;
  #last: ScrollPosition = { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };

  static atEnd(position: ScrollPosition): boolean {
    const below = position.scrollHeight - position.clientHeight - position.scrollTop;
    return below <= endTolerancePx;
  }

  /** After every scroll event, whoever caused it. */
  scrolled(position: ScrollPosition): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#last;
    const wentUp = position.scrollTop < scrollTop - 1;
    const shrank = position.scrollHeight < scrollHeight || position.clientHeight > clientHeight;
    if (wentUp && !shrank) this.sticking = false;
    else if (StickState.atEnd(position)) this.sticking = true;
    this.#last = copy(position);
  }

  /** After the content changed size: where to scroll to, or null to leave the user alone. */
  resized(position: ScrollPosition): number | null {
    this.#last = copy(position);
    return this.sticking ? position.scrollHeight - position.clientHeight : null;
  }
}

export interface Stick {
  /** Go to the end and stay there: after the user asks. */
  toEnd(): void;
  destroy(): void;
}

/** Binds the state to an element and its growing content; `onChange` hears whether the end is on screen. */
export function stickToBottom(
  element: HTMLElement,
  content: HTMLElement,
  onChange: (atEnd: boolean) => void,
): Stick {
  const state = new StickState();
  const onScroll = () => {
    state.scrolled(element);
    onChange(StickState.atEnd(element));
  };
  const observer = new ResizeObserver(() => {
    const target = state.resized(element);
    if (target !== null) element.scrollTop = target;
    onChange(StickState.atEnd(element));
  });
  element.addEventListener('scroll', onScroll, { passive: true });
  observer.observe(content);
  observer.observe(element);
  return {
    toEnd() {
      state.sticking = true;
      element.scrollTop = element.scrollHeight;
    },
    destroy() {
      element.removeEventListener('scroll', onScroll);
      observer.disconnect();
    },
  };
}
