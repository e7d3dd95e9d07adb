// Dependencies from the lockfile: `npm ci` when node_modules does not hold what the lockfile names.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modules, pinnedNode, root } from './paths.mjs';
import { quietly, say } from './process.mjs';
import { npmCommand, requireNpm } from './tools.mjs';

/**
 * True when npm's own record of what it installed has every package of the lockfile in its version.
 * npm writes that record last, so an interrupted installation has none. Packages for other platforms
 * are optional in the lockfile and may be absent.
 */
export function isInstalled(lockfile, installed) {
  for (const [path, wanted] of Object.entries(lockfile.packages)) {
    if (path === '') continue;
    const present = installed.packages[path];
    if (present ? present.version !== wanted.version : !wanted.optional) return false;
  }
  return true;
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

export async function install() {
  const lockfile = readJson(join(root, 'package-lock.json'));
  const installed = readJson(join(modules, '.package-lock.json'));
  if (installed && isInstalled(lockfile, installed) && existsSync(pinnedNode())) return;
  await requireNpm();
  say('Installing dependencies (once; needs the network) …');
  const { command, prefix } = npmCommand();
  const args = [...prefix, 'ci', '--no-audit', '--no-fund', '--loglevel=error'];
  await quietly('npm ci', command, args, {
    shell: process.platform === 'win32' && prefix.length === 0,
  });
}
