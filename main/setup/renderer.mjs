// dist/renderer: the window, built by Vite.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint, isStamped, writeStamp } from './fingerprint.mjs';
import { dist, modules, pinnedNode, root } from './paths.mjs';
import { quietly, say } from './process.mjs';

export async function buildRenderer() {
  const inputs = [
    join(root, 'renderer'),
    join(root, 'main', 'contract'),
    join(root, 'package.json'),
  ];
  const versions = ['vite', 'svelte'].map((name) => join(modules, name, 'package.json'));
  const value = fingerprint([...inputs, ...versions]);
  const stamp = join(dist, 'renderer', '.stamp');
  if (isStamped(stamp, value) && existsSync(join(dist, 'renderer', 'index.html'))) return;
  say('Building the window …');
  const vite = join(modules, 'vite', 'bin', 'vite.js');
  const config = join('renderer', 'vite.config.ts');
  await quietly('vite build', pinnedNode(), [vite, 'build', '--config', config], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
  });
  writeStamp(stamp, value);
}
