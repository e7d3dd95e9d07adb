// A window whose animation frames pass when the test says so.
import { vi } from 'vitest';

export interface Frames {
  /** Lets one frame pass. */
  next(): void;
  readonly waiting: number;
  /** After a test: what still waits runs, so that nothing of it reaches the next, and the window is gone. */
  end(): void;
}

export function stubFrames(): Frames {
  let queue = new Map<number, () => void>();
  let nextHandle = 1;
  vi.stubGlobal('document', { hidden: false });
  vi.stubGlobal('window', {
    requestAnimationFrame(callback: () => void) {
      queue.set(nextHandle, callback);
      return nextHandle++;
    },
    cancelAnimationFrame: (handle: number) => queue.delete(handle),
    location: { hash: '', pathname: '/', search: '' },
    history: { pushState: () => {} },
  });
  const next = () => {
    const due = queue;
    queue = new Map();
    for (const callback of due.values()) callback();
  };
  return {
    next,
    end() {
      while (queue.size > 0) next();
      vi.unstubAllGlobals();
    },
    get waiting() {
      return queue.size;
    },
  };
}
