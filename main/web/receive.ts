// The body of a request, streamed to the app and never held whole; and what came of it as the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { expose, type Report } from '../shell/connection.js';
import { replyFailure, replyJson } from './reply.js';

/** Into `body`, which breaks off when the browser does. */
export function pour<T extends Writable>(request: IncomingMessage, body: T): T {
  request.on('error', (error) => body.destroy(error));
  request.on('aborted', () => body.destroy(new Error('The browser ended the upload.')));
  return request.pipe(body);
}

export async function answerBody(
  request: IncomingMessage,
  response: ServerResponse,
  report: Report,
  take: () => Promise<unknown>,
): Promise<void> {
  try {
    replyJson(response, 200, await take());
  } catch (error) {
    const failure = expose(error, request.destroyed ? () => {} : report);
    if (!response.writable) return;
    replyFailure(response, failure);
    // A browser reads the answer only when it could send everything: let the rest run into the void.
    request.unpipe();
    request.resume();
  }
}
