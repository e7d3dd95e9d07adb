// The app's own methods, called beside the window with the window's cookie: to set the stage and to look behind
// it. What a test is about goes through the window.
import type { Page } from '@playwright/test';
import { WebSocket } from 'ws';
import type { Method, Params, Result, ServerMessage, Settings } from '../../main/contract/index.js';
import type { Server } from './server.js';

/** Any word may come, and those already said come again and again. With this seed most answers tried
 *  went on past 1,500 tokens. */
export const endlessAnswers: Partial<Settings> = {
  temperature: 5,
  seed: 4,
  repetitionPenalty: 0.5,
  replyTokens: 16_384,
};

export const plainAnswers: Partial<Settings> = {
  temperature: 0,
  seed: 0,
  repetitionPenalty: 1,
  replyTokens: 512,
};

export class Api {
  readonly #socket: WebSocket;
  #nextId = 1;
  readonly #pending = new Map<number, (message: ServerMessage) => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as ServerMessage;
      if ('id' in message) this.#pending.get(message.id)?.(message);
    });
  }

  /** `page` has come in through the server's link. */
  static async open(page: Page, server: Server): Promise<Api> {
    const cookies = await page.context().cookies(server.origin);
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const headers = { Cookie: cookie, Origin: server.origin };
    const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/socket`, { headers });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    // A server that is killed takes the connection with it; the call that waits says so.
    socket.on('error', () => {});
    return new Api(socket);
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#socket.once('close', () => reject(new Error('The connection was lost.')));
      this.#pending.set(id, (message) => {
        this.#pending.delete(id);
        if ('failure' in message) reject(new Error(message.failure.message));
        else resolve((message as { result: unknown }).result as Result<M>);
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#socket.close();
  }
}
