// Where things are. Everything in main/setup is plain JavaScript that runs on Node 20 with nothing installed.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const modules = join(root, 'node_modules');
export const dist = join(root, 'dist');
export const nativeBuild = join(root, 'native', 'build');
export const addon = join(nativeBuild, 'Release', 'longleaf.node');

/** The pinned Node that runs the app, its tests and its build tools. */
export function pinnedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(modules, 'node', 'bin', name);
}

/** Electron's executable when it has been downloaded, else null. */
export function electronBinary() {
  const folder = join(modules, 'electron', 'dist');
  const name = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  }[process.platform];
  const binary = join(folder, name ?? 'electron');
  return existsSync(binary) ? binary : null;
}
