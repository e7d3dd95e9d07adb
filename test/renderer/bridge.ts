// A bridge for tests of the stores: calls are answered by the test, events are sent by it.
import type {
  AppEvent,
  Bridge,
  Method,
  Params,
  Result,
  LocalFile,
} from '../../main/contract/index.js';
import { BridgeError } from '../../renderer/bridge/bridge-error.js';

type Answers = { [M in Method]?: (params: Params<M>) => Result<M> | Promise<Result<M>> };
type ImportFile = Bridge['importFile'];

export class TestBridge implements Bridge {
  readonly shell = 'browser';
  readonly calls: { method: Method; params: unknown }[] = [];
  answers: Answers;
  importFile: ImportFile = () => Promise.reject(new Error('no import expected'));
  #onEvent: (event: AppEvent) => void = () => {};
  #onConnection: (connected: boolean) => void = () => {};

  constructor(answers: Answers = {}) {
    this.answers = answers;
  }

  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    this.calls.push({ method, params });
    const answer = this.answers[method] as ((params: Params<M>) => Result<M>) | undefined;
    if (!answer) throw new BridgeError({ code: 'bad_request', message: `${method}?` });
    return answer(params);
  }

  onEvent(listener: (event: AppEvent) => void): () => void {
    this.#onEvent = listener;
    return () => {};
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#onConnection = listener;
    return () => {};
  }

  checkBackup: Bridge['checkBackup'] = () => Promise.reject(new Error('no restore expected'));

  pathOf: (file: LocalFile) => string | null = () => null;

  send(event: AppEvent): void {
    this.#onEvent(event);
  }

  connect(connected: boolean): void {
    this.#onConnection(connected);
  }

  called(method: Method): unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ params }) => params);
  }
}

/** Lets everything that only waits for promises happen. */
export const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
