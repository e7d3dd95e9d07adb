// One window talking to the app: checks what comes in, orders what goes out. The same in both shells; only the
// wire differs.
import { clientMessage, FailureError, toFailure, type Failure } from '../contract/index.js';
import type { App } from '../services/types.js';
import { Outbox, type Wire } from './outbox.js';

/** Told about bugs: failures nobody foresaw. Never gets document text on purpose. */
export type Report = (text: string) => void;

const requestLimit = 256;

export class Connection {
  readonly #app: App;
  readonly #outbox: Outbox;
  readonly #report: Report;
  readonly #unsubscribe: () => void;
  #running = 0;

  constructor(app: App, wire: Wire, report: Report) {
    this.#app = app;
    this.#report = report;
    this.#outbox = new Outbox(wire);
    this.#unsubscribe = app.onEvent((event) => this.#outbox.event(event));
  }

  /** Serves one message. False: it is no ClientMessage at all, so the other side is not our window. */
  receive(raw: unknown): boolean {
    const parsed = clientMessage.safeParse(raw);
    if (!parsed.success) {
      const id = (raw as { id?: unknown } | null | undefined)?.id;
      if (typeof id !== 'number' || !Number.isInteger(id)) return false;
      this.#fail(id, new FailureError('bad_request', 'There is no such request.').failure);
      return true;
    }
    const { id, method, params } = parsed.data;
    if (this.#running >= requestLimit) {
      this.#fail(id, new FailureError('busy', 'Too many requests at once.').failure);
      return true;
    }
    void this.#serve(id, method, params);
    return true;
  }

  /** Idempotent. Requests that still run are served to their end, unheard. */
  close(): void {
    this.#unsubscribe();
    this.#outbox.close();
  }

  async #serve(id: number, method: string, params: unknown): Promise<void> {
    this.#running++;
    try {
      this.#outbox.reply({ id, result: await this.#app.handle(method, params) });
    } catch (error) {
      this.#fail(id, expose(error, this.#report));
    } finally {
      this.#running--;
    }
  }

  #fail(id: number, failure: Failure): void {
    this.#outbox.reply({ id, failure });
  }
}

/** The failure a window may see. Stacks of bugs go to `report` and stay on this side. */
export function expose(error: unknown, report: Report): Failure {
  const failure = toFailure(error);
  if (failure.code === 'internal') {
    report(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return failure;
}
