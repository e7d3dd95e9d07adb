// What the next question would cost, counted by the engine with its own tokenizer: at once when the
// conversation changes, and shortly after the user stops typing.
import type { Bridge, ContextUse, Failure } from '../../main/contract/index.js';
import { failureOf } from '../bridge/bridge-error.js';

const pauseMs = 300;

export class ContextStore {
  use = $state.raw<ContextUse | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** The count shown is older than the draft. */
  stale = $state(false);
  readonly #bridge: Bridge;
  readonly #subject: () => { id: string | null; draft: string };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #again = false;

  constructor(bridge: Bridge, subject: () => { id: string | null; draft: string }) {
    this.#bridge = bridge;
    this.#subject = subject;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.use = null;
    this.failure = null;
    this.stale = false;
  }

  refreshSoon(): void {
    this.stale = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), pauseMs);
  }

  /** One request at a time: whatever changed meanwhile is asked for once more. */
  refresh(): void {
    clearTimeout(this.#timer);
    this.stale = true;
    if (this.#running) this.#again = true;
    else void this.#fetch();
  }

  async #fetch(): Promise<void> {
    this.#running = true;
    do {
      this.#again = false;
      await this.#fetchOnce();
    } while (this.#again);
    this.#running = false;
    this.stale = false;
  }

  async #fetchOnce(): Promise<void> {
    const { id, draft } = this.#subject();
    if (id === null) return;
    try {
      const use = await this.#bridge.call('conversations.context', { conversationId: id, draft });
      if (this.#subject().id !== id) return;
      this.use = use;
      this.failure = null;
    } catch (error) {
      if (this.#subject().id !== id) return;
      this.use = null;
      this.failure = failureOf(error);
    }
  }
}
