// Messages on their way to one window, in order. Text and progress that pile up within a frame, or while the
// window is slow to read, become one message; nothing else is merged, dropped or overtaken.
import type { AppEvent, ServerMessage } from '../contract/index.js';

export interface Wire {
  send(message: ServerMessage): void;
  /** Bytes handed to `send` that have not left yet. */
  backlog(): number;
  /** The window does not read what it is sent: end the connection. */
  giveUp(): void;
}

export const frameMs = 16;
const backlogPause = 1024 * 1024;
const queueLimit = 10_000;

/** `later` with `earlier` folded in, or null when both must be sent. */
export function merge(earlier: AppEvent, later: AppEvent): AppEvent | null {
  if (earlier.type === 'token' && later.type === 'token') {
    return earlier.turnId === later.turnId ? { ...later, text: earlier.text + later.text } : null;
  }
  if (earlier.type === 'reading' && later.type === 'reading') {
    const same = earlier.conversationId === later.conversationId && earlier.turnId === later.turnId;
    return same ? later : null;
  }
  if (earlier.type === 'importing' && later.type === 'importing') {
    return earlier.progress.importId === later.progress.importId ? later : null;
  }
  if (earlier.type === 'engine' && later.type === 'engine') {
    return earlier.status.state === later.status.state ? later : null;
  }
  if (earlier.type === later.type && (later.type === 'library' || later.type === 'models')) {
    return later;
  }
  return null;
}

export class Outbox {
  #queue: ServerMessage[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Waits for the end of the frame. */
  event(event: AppEvent): void {
    if (this.#closed) return;
    const last = this.#queue.at(-1);
    const merged = last && 'event' in last ? merge(last.event, event) : null;
    if (merged) this.#queue[this.#queue.length - 1] = { event: merged };
    else this.#queue.push({ event });
    if (this.#queue.length > queueLimit) this.#wire.giveUp();
    this.#schedule();
  }

  /** Goes out now, after the events that came before it. */
  reply(message: ServerMessage): void {
    if (this.#closed) return;
    this.#queue.push(message);
    this.#flush();
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), frameMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#queue.length > 0 && this.#wire.backlog() < backlogPause) {
      this.#wire.send(this.#queue.shift() as ServerMessage);
    }
    if (this.#queue.length > 0) this.#schedule();
  }
}
