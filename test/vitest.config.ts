// Unit and integration tests in plain Node. `renderer` compiles Svelte for tests of rune state and rendering.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: file('..'),
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Limits only end what hangs: a machine may be busy with other things.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: { name: 'main', include: ['test/main/**/*.test.ts', 'test/tools/**/*.test.ts'] },
      },
      {
        extends: true,
        plugins: [svelte({ configFile: file('../renderer/svelte.config.js') })],
        test: { name: 'renderer', include: ['test/renderer/**/*.test.ts'] },
      },
    ],
  },
});
