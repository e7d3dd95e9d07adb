// Builds the window into dist/renderer. Everything is a file of its own: the shells' Content-Security-Policy
// allows no inline script, no inline style and no data: font.
// `--mode fake` builds fake.html instead, the window on a scripted bridge, for design work and browser tests.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What pdf.js asks for while it draws: the fonts every reader must have, and tables of Asian encodings. */
function pdfFonts(): Plugin {
  let folder = '';
  return {
    name: 'longleaf:pdf-fonts',
    apply: 'build',
    configResolved: ({ build }) => void (folder = build.outDir),
    closeBundle() {
      for (const name of ['cmaps', 'standard_fonts']) {
        const from = here(`../node_modules/pdfjs-dist/${name}`);
        cpSync(from, join(folder, 'pdfjs', name), { recursive: true });
      }
    },
  };
}

export default defineConfig(({ mode }) => {
  const fake = mode === 'fake';
  return {
    root: here('.'),
    base: './',
    plugins: [svelte({ configFile: here('svelte.config.js') }), fake ? null : pdfFonts()],
    build: {
      outDir: here(fake ? '../dist/renderer-fake' : '../dist/renderer'),
      emptyOutDir: true,
      target: 'es2023',
      cssTarget: 'chrome130',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: here(fake ? 'fake.html' : 'index.html') },
    },
  };
});
