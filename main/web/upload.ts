// PUT /upload?name=…&importId=…: the bytes of one document, streamed to the app and never held whole.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { FailureError } from '../contract/index.js';
import { fileTooLarge, limited } from '../services/documents/import.js';
import { maxFileBytes } from '../services/documents/limits.js';
import type { App } from '../services/types.js';
import type { Report } from '../shell/connection.js';
import { answerBody, pour } from './receive.js';

const query = z.object({
  name: z.string().min(1).max(255),
  importId: z.string().min(1).max(64),
});

/** The last part of a path in either slash, so a name cannot name a folder. */
function plainName(name: string): string {
  return name.split(/[/\\]/).at(-1) || 'document';
}

async function importBody(app: App, request: IncomingMessage, params: URLSearchParams) {
  const parsed = query.safeParse(Object.fromEntries(params));
  if (!parsed.success) {
    throw new FailureError('bad_request', 'An upload needs a name and an importId.');
  }
  const name = plainName(parsed.data.name);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxFileBytes) throw fileTooLarge(name, announced);
  return app.importStream(pour(request, limited(name)), name, parsed.data.importId);
}

export async function serveUpload(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  params: URLSearchParams,
  report: Report,
): Promise<void> {
  await answerBody(request, response, report, () => importBody(app, request, params));
}
