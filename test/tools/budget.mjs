// How long a file may be. Prints every file over its budget and exits with 1 when there are any.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Lines by extension. Tests are code too. */
const budgets = {
  '.ts': 400,
  '.mjs': 400,
  '.js': 400,
  '.svelte': 400,
  '.css': 400,
  '.cpp': 400,
  '.h': 400,
  '.cu': 400,
  '.cuh': 400,
  '.py': 400,
};

/**
 * Files that may be longer, each with its own budget and the reason.
 * @type {Record<string, { lines: number; reason: string }>}
 */
export const exceptions = {};

const skipped = new Set(['node_modules', 'build', 'dist', 'release', '.git', 'test-results']);

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* files(path);
    else if (entry.isFile()) yield path;
  }
}

export function findLongFiles(root = repository) {
  const long = [];
  for (const folder of ['main', 'renderer', 'native', 'test', 'models']) {
    for (const file of files(join(root, folder))) {
      const name = relative(root, file).split(sep).join('/');
      const limit = exceptions[name]?.lines ?? budgets[extname(file)];
      if (limit === undefined || name.startsWith('test/fixtures/')) continue;
      const lines = readFileSync(file, 'utf8').split('\n').length - 1;
      if (lines > limit) long.push(`${name}: ${lines} lines, the budget is ${limit}`);
    }
  }
  return long;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const long = findLongFiles();
  if (long.length > 0) {
    console.error(long.join('\n'));
    process.exitCode = 1;
  }
}
