// A window whose animation frames pass when the test says so.
import { vi } from 'vitest';

export interface Frames {
  /** Lets one frame pass. */
  next(): void;
  readonly waiting: number;
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
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    location: { hash: '', pathname: '/', search: '' },
    history: { pushState: () => {} },
  });
  return {
    next() {
      const due = queue;
      queue = new Map();
      for (const callback of due.values()) callback();
    },
    get waiting() {
      return queue.size;
    },
  };
}
