// The built window as a fixed list: what was in dist/renderer at the start can be served, and no other path
// leads anywhere.
import { readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.bcmap': 'application/octet-stream',
  '.pfb': 'application/octet-stream',
  '.ttf': 'font/ttf',
};

export interface WindowFile {
  path: string;
  contentType: string;
  /** Vite puts a hash of the content into these names. */
  immutable: boolean;
}

export type WindowFiles = ReadonlyMap<string, WindowFile>;

/** By URL path; "/" is the page itself. Files of other types (source maps, stamps) are left out. */
export function listWindowFiles(folder: string): WindowFiles {
  const files = new Map<string, WindowFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const contentType = contentTypes[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const urlPath = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(urlPath, { path, contentType, immutable: urlPath.startsWith('/assets/') });
  }
  const page = files.get('/index.html');
  if (page) files.set('/', page);
  return files;
}
