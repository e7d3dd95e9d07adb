// longleaf://app/…: the built window, from the same fixed list and with the same headers as the browser shell.
import { readFile } from 'node:fs/promises';
import type { Protocol } from 'electron';
import { securityHeaders } from '../shell/content-policy.js';
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

export function windowResponder(files: WindowFiles): (request: Request) => Promise<Response> {
  return async (request) => {
    const file = request.method === 'GET' ? fileFor(files, request.url) : null;
    if (!file) return new Response('Not found', { status: 404, headers: securityHeaders });
    const headers = { ...securityHeaders, 'Content-Type': file.contentType };
    return new Response(new Uint8Array(await readFile(file.path)), { headers });
  };
}

export function serveWindow(protocol: Protocol, files: WindowFiles): void {
  protocol.handle(scheme, windowResponder(files));
}
