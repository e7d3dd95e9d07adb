// Which inputs a build step saw last time. A step whose fingerprint is unchanged is skipped.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './paths.mjs';

const skipped = new Set(['node_modules', 'build', 'dist', '.git']);

/** Every file under the given files and folders, sorted, as absolute paths. */
export function filesUnder(paths) {
  const found = [];
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (!statSync(path).isDirectory()) {
      found.push(path);
      return;
    }
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (!skipped.has(entry.name)) visit(join(path, entry.name));
    }
  };
  paths.forEach(visit);
  return found.sort();
}

/** Hash of the files' names and contents and of any further strings that decide the result. */
export function fingerprint(paths, ...extra) {
  const hash = createHash('sha256');
  for (const text of extra) hash.update(`${text}\0`);
  for (const file of filesUnder(paths)) {
    hash.update(`${relative(root, file)}\0`);
    hash.update(readFileSync(file));
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** True when `stamp` holds `value`: the step ran to its end with these very inputs. */
export function isStamped(stamp, value) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === value;
}

/** Written after the step succeeded, so an interrupted step runs again. */
export function writeStamp(stamp, value) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, `${value}\n`);
}
