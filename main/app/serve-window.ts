// longleaf://app/…: the built window, from the same fixed list and with the same headers as the browser shell; and
// prepared backups, which Electron saves where the user says.
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Protocol } from 'electron';
import type { App } from '../services/types.js';
import { downloadHeaders, securityHeaders } from '../shell/content-policy.js';
import type { WindowFile, WindowFiles } from '../shell/window-files.js';
import { scheme } from './origin.js';

/** The file an address stands for; null when it stands for none. */
export function fileFor(files: WindowFiles, address: string): WindowFile | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.protocol !== `${scheme}:` || url.host !== 'app') return null;
  return files.get(url.pathname) ?? null;
}

const backupAddress = `${scheme}://app/backup/`;

function backupResponse(app: App, backupId: string): Response {
  const { fileName, stream } = app.takeBackup(backupId);
  const headers = downloadHeaders(fileName, 'application/zip');
  return new Response(Readable.toWeb(stream) as ReadableStream, { headers });
}

export function windowResponder(
  files: WindowFiles,
  app: App,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === 'GET' && request.url.startsWith(backupAddress)) {
      try {
        return backupResponse(app, request.url.slice(backupAddress.length));
      } catch {
        return new Response('Not found', { status: 404, headers: securityHeaders });
      }
    }
    const file = request.method === 'GET' ? fileFor(files, request.url) : null;
    if (!file) return new Response('Not found', { status: 404, headers: securityHeaders });
    const headers = { ...securityHeaders, 'Content-Type': file.contentType };
    return new Response(new Uint8Array(await readFile(file.path)), { headers });
  };
}

export function serveWindow(protocol: Protocol, files: WindowFiles, app: App): void {
  protocol.handle(scheme, windowResponder(files, app));
}
