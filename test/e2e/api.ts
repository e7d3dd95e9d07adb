// The app's own methods, called beside the window with the window's cookie: to set the stage and to look behind
// it. What a test is about goes through the window.
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { WebSocket } from 'ws';
import { defaultSettings } from '../../main/contract/index.js';
import type { AppEvent, Method, Params, Result, ServerMessage } from '../../main/contract/index.js';
import { endless } from '../fixtures/endless-model.js';
import type { Server } from './server.js';

/** From now on answers are words of any kind and end only when stopped (or after minutes). The model lies
 *  in the server's data folder. */
export async function answerEndlessly(api: Api, server: Server): Promise<void> {
  const path = join(server.dataFolder, 'endless.gguf');
  endless(path);
  const { id } = await api.call('models.add', { path });
  const patch = { modelId: id, temperature: 5, replyTokens: 16_384 };
  await api.call('settings.set', { patch });
}

/** From now on the bundled model answers, at its best. */
export async function answerPlainly(api: Api): Promise<void> {
  const { modelId, temperature, replyTokens } = defaultSettings;
  await api.call('settings.set', { patch: { modelId, temperature, replyTokens } });
}

export class Api {
  readonly #socket: WebSocket;
  #nextId = 1;
  /** A connection that is lost answers with null. */
  readonly #pending = new Map<number, (message: ServerMessage | null) => void>();

  private constructor(socket: WebSocket, hear: (event: AppEvent) => void) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as ServerMessage;
      if ('id' in message) this.#pending.get(message.id)?.(message);
      else hear(message.event);
    });
    socket.once('close', () => this.#pending.forEach((answer) => answer(null)));
  }

  /** `page` has come in through the server's link. */
  static async open(page: Page, server: Server): Promise<Api> {
    const cookies = await page.context().cookies(server.origin);
    return Api.#connect(server, cookies.map(({ name, value }) => `${name}=${value}`).join('; '));
  }

  /** Comes in through the server's link itself, without a window; it serves once. */
  static async enter(server: Server, hear: (event: AppEvent) => void): Promise<Api> {
    const { headers } = await fetch(server.link, { redirect: 'manual' });
    return Api.#connect(server, headers.get('set-cookie')?.split(';')[0] ?? '', hear);
  }

  static async #connect(
    server: Server,
    cookie: string,
    hear: (event: AppEvent) => void = () => {},
  ): Promise<Api> {
    const headers = { Cookie: cookie, Origin: server.origin };
    const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/socket`, { headers });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    // A server that is killed takes the connection with it; the call that waits says so.
    socket.on('error', () => {});
    return new Api(socket, hear);
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, (message) => {
        this.#pending.delete(id);
        if (!message) reject(new Error('The connection was lost.'));
        else if ('failure' in message) reject(new Error(message.failure.message));
        else resolve((message as { result: unknown }).result as Result<M>);
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#socket.close();
  }
}
