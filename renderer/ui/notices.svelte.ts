// Short messages at the foot of the window: what was done (with Undo), what failed (with what helps).
import type { Failure } from '../../main/contract/index.js';
import { failureOf } from '../bridge/bridge-error.js';
import { worded } from '../strings/index.js';

export interface Notice {
  id: number;
  kind: 'info' | 'failure';
  text: string;
  hint?: string;
  /** What the app said, in English. */
  original?: string;
  action?: { label: string; run(): void };
  /** Runs when the notice goes away without its action. */
  onGone?(): void;
}

const infoMs = 8_000;

export class Notices {
  items = $state.raw<Notice[]>([]);
  #nextId = 1;

  info(text: string, more: Pick<Notice, 'action' | 'onGone'> = {}): void {
    const id = this.#push({ kind: 'info', text, ...more });
    setTimeout(() => this.dismiss(id), infoMs);
  }

  failure(failure: Failure, action?: Notice['action']): void {
    const { message, hint, original } = worded(failure);
    if (this.items.some((each) => each.kind === 'failure' && each.text === message)) return;
    this.#push({ kind: 'failure', text: message, hint, original, action });
  }

  /** For promises nobody waits for. */
  catch = (error: unknown): void => this.failure(failureOf(error));

  dismiss(id: number): void {
    const notice = this.items.find((each) => each.id === id);
    if (!notice) return;
    this.items = this.items.filter((each) => each.id !== id);
    notice.onGone?.();
  }

  act(id: number): void {
    const notice = this.items.find((each) => each.id === id);
    this.items = this.items.filter((each) => each.id !== id);
    notice?.action?.run();
  }

  /** The window is closing: whatever waited for its time happens now. */
  flush(): void {
    for (const { id } of this.items) this.dismiss(id);
  }

  #push(notice: Omit<Notice, 'id'>): number {
    const id = this.#nextId++;
    this.items = [...this.items, { id, ...notice }].slice(-4);
    return id;
  }
}
