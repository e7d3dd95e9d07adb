// HTTP of the browser shell: the one-time link, the window's files, uploads. Everything else is refused.
import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { App } from '../services/types.js';
import type { Report } from '../shell/connection.js';
import { securityHeaders } from '../shell/content-policy.js';
import type { WindowFile, WindowFiles } from '../shell/window-files.js';
import type { Access } from './access.js';
import { backupPath, serveBackup, serveRestore } from './backup.js';
import { reply, replyPage } from './reply.js';
import { targetOf } from './target.js';
import { serveUpload } from './upload.js';

export interface HttpParts {
  app: App;
  access: Access;
  files: WindowFiles;
  report: Report;
}

const linkPath = '/open/';

export function linkTo(port: number, token: string): string {
  return `http://127.0.0.1:${port}${linkPath}${token}`;
}

function refuseStranger(response: ServerResponse): void {
  const how =
    'Use the link that Longleaf printed in its terminal. A link works once; press Enter in that terminal for another.';
  replyPage(response, 403, 'This browser has not been let in', how);
}

function serveLink(access: Access, token: string, response: ServerResponse): void {
  const cookie = access.redeem(token);
  if (cookie === null) return refuseStranger(response);
  // Not a redirect: after one, a Strict cookie would stay behind when the link was clicked on another site.
  const page =
    '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Longleaf</title>';
  reply(response, 200, 'text/html; charset=utf-8', page, { 'Set-Cookie': cookie });
}

function serveFile(file: WindowFile, response: ServerResponse): void {
  response.writeHead(200, {
    ...securityHeaders,
    'Content-Type': file.contentType,
    'Content-Length': statSync(file.path).size,
    'Cache-Control': file.immutable ? 'private, max-age=31536000, immutable' : 'no-store',
  });
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  createReadStream(file.path)
    .on('error', () => response.destroy())
    .pipe(response);
}

async function serve(
  parts: HttpParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { access, app, files, report } = parts;
  if (!access.hasOwnHost(request.headers)) {
    return replyPage(response, 403, 'Wrong address', 'Longleaf answers only at 127.0.0.1.');
  }
  const { path, params } = targetOf(request);
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (request.method === 'GET' && path.startsWith(linkPath)) {
    return serveLink(access, path.slice(linkPath.length), response);
  }
  if (!access.hasSession(request.headers)) return refuseStranger(response);
  if (reads) {
    if (request.method === 'GET' && path.startsWith(backupPath)) {
      return serveBackup(app, path.slice(backupPath.length), response, report);
    }
    const file = files.get(path);
    if (file) return serveFile(file, response);
    return replyPage(response, 404, 'Not found', 'There is nothing here.');
  }
  if (request.method === 'PUT' && path === '/upload') {
    if (!access.hasOwnOrigin(request.headers)) return refuseStranger(response);
    return serveUpload(app, request, response, params, report);
  }
  if (request.method === 'PUT' && path === '/restore') {
    if (!access.hasOwnOrigin(request.headers)) return refuseStranger(response);
    return serveRestore(app, request, response, report);
  }
  replyPage(response, 405, 'Not possible', 'Longleaf does not serve this kind of request.');
}

export function requestListener(parts: HttpParts): RequestListener {
  return (request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      parts.report(error instanceof Error ? (error.stack ?? error.message) : String(error));
      if (response.headersSent) response.destroy();
      else replyPage(response, 500, 'Something went wrong', 'The terminal says more.');
    });
  };
}
