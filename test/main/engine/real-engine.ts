// The engine process as it ships, bundled from the sources of the day. It lies under dist/, from where it
// finds the native binary by walking up.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { StartWorker } from '../../../main/contract/index.js';
import { nodeWorkersIn } from '../../../main/services/node-worker.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
export const bundledModel = `${root}models/longleaf-mini.gguf`;

export async function realEngine(): Promise<StartWorker> {
  const folder = new URL('../../../dist/test-engine/', import.meta.url);
  await build({
    absWorkingDir: root,
    entryPoints: { engine: 'main/engine/main.ts', parser: 'main/services/parser/main.ts' },
    outdir: fileURLToPath(folder),
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  return nodeWorkersIn(folder);
}
