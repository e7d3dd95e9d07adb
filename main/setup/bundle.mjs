// dist/main: one ES module per process, npm packages left outside; and the preload script, which Electron's
// sandbox wants as a single CommonJS file.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint, isStamped, writeStamp } from './fingerprint.mjs';
import { dist, modules, root } from './paths.mjs';
import { say, SetupError } from './process.mjs';

/** Name under dist/main → source. */
export const entries = {
  app: 'main/app/main.ts',
  web: 'main/web/main.ts',
  cli: 'main/cli/main.ts',
  engine: 'main/engine/main.ts',
  parser: 'main/services/parser/main.ts',
};
const preload = 'main/preload/main.ts';

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'silent',
  absWorkingDir: root,
  legalComments: 'none',
};

/** Writes every entry and the preload script into `outdir`. */
export async function bundleInto(outdir) {
  const esbuild = await import('esbuild');
  try {
    await esbuild.build({
      ...shared,
      entryPoints: entries,
      outdir,
      format: 'esm',
      packages: 'external',
    });
    await esbuild.build({
      ...shared,
      entryPoints: { preload },
      outdir,
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      external: ['electron'],
    });
  } catch (error) {
    const lines = await esbuild.formatMessages(error.errors ?? [], { kind: 'error' });
    throw new SetupError(`Bundling main failed:\n${lines.join('') || error.message}`);
  }
}

export async function bundleMain() {
  const inputs = [join(root, 'main'), join(root, 'package.json')];
  const value = fingerprint([...inputs, join(modules, 'esbuild', 'package.json')]);
  const stamp = join(dist, 'main', '.stamp');
  if (isStamped(stamp, value)) return;
  say('Building the app …');
  mkdirSync(join(dist, 'main'), { recursive: true });
  await bundleInto(join(dist, 'main'));
  writeStamp(stamp, value);
}
