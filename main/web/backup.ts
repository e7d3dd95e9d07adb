// GET /backup/<id>: a prepared backup, streamed to a download. PUT /restore: a backup to be checked, streamed in.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { App } from '../services/types.js';
import { downloadHeaders } from '../shell/content-policy.js';
import { expose, type Report } from '../shell/connection.js';
import { answerBody, pour } from './receive.js';
import { replyFailure } from './reply.js';

export const backupPath = '/backup/';

export async function serveBackup(
  app: App,
  backupId: string,
  response: ServerResponse,
  report: Report,
): Promise<void> {
  let backup: ReturnType<App['takeBackup']>;
  try {
    backup = app.takeBackup(backupId);
  } catch (error) {
    return replyFailure(response, expose(error, report));
  }
  response.writeHead(200, downloadHeaders(backup.fileName, 'application/zip'));
  // Broken off on one side, it is given up on the other; a browser tells a download that was cut short.
  await pipeline(backup.stream, response).catch(() => response.destroy());
}

export async function serveRestore(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  report: Report,
): Promise<void> {
  const announced = Number(request.headers['content-length'] ?? 0);
  const take = () => app.receiveBackup(pour(request, new PassThrough()), announced);
  await answerBody(request, response, report, take);
}
