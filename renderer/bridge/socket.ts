// One WebSocket to the app that comes back by itself: calls wait for a connection or fail as unreachable, and
// a call whose connection broke is never sent twice, since it may have been carried out.
import type { AppEvent, Method, ServerMessage } from '../../main/contract/index.js';
import { BridgeError, unreachable } from './bridge-error.js';

const firstRetryMs = 250;
const longestRetryMs = 8_000;
/** How long a call made without a connection waits for one. */
const patienceMs = 5_000;

interface Pending {
  resolve(result: unknown): void;
  reject(error: BridgeError): void;
}

export class Socket {
  readonly #url: string;
  readonly #open: (url: string) => WebSocket;
  readonly #events = new Set<(event: AppEvent) => void>();
  readonly #connections = new Set<(connected: boolean) => void>();
  readonly #pending = new Map<number, Pending>();
  #waiting: (() => void)[] = [];
  #socket: WebSocket | null = null;
  #nextId = 1;
  #retryMs = firstRetryMs;
  #connected = false;

  constructor(url: string, open = (address: string) => new WebSocket(address)) {
    this.#url = url;
    this.#open = open;
    this.#connect();
  }

  onEvent(listener: (event: AppEvent) => void): () => void {
    this.#events.add(listener);
    return () => this.#events.delete(listener);
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#connections.add(listener);
    return () => this.#connections.delete(listener);
  }

  async call(method: Method, params: unknown): Promise<unknown> {
    await this.#connection();
    const socket = this.#socket;
    if (!socket) throw unreachable();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #connection(): Promise<void> {
    if (this.#connected) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(unreachable()), patienceMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #connect(): void {
    const socket = this.#open(this.#url);
    socket.addEventListener('open', () => {
      this.#socket = socket;
      this.#retryMs = firstRetryMs;
      this.#announce(true);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const go of waiting) go();
    });
    socket.addEventListener('message', (message) => this.#receive(String(message.data)));
    socket.addEventListener('close', () => this.#lost());
  }

  #lost(): void {
    this.#socket = null;
    this.#announce(false);
    for (const { reject } of this.#pending.values()) reject(unreachable());
    this.#pending.clear();
    setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
  }

  #announce(connected: boolean): void {
    this.#connected = connected;
    for (const listener of this.#connections) listener(connected);
  }

  #receive(data: string): void {
    const message = JSON.parse(data) as ServerMessage;
    if ('event' in message) {
      for (const listener of this.#events) listener(message.event);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ('failure' in message) pending?.reject(new BridgeError(message.failure));
    else pending?.resolve(message.result);
  }
}
