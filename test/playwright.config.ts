// End-to-end tests: the built app behind the browser shell in Chromium, and Electron where its binary is
// installed. CHROMIUM names a system browser; without it Playwright uses its own.
import { defineConfig } from '@playwright/test';

const chromium = process.env.CHROMIUM;

export default defineConfig({
  projects: [
    { name: 'app', testDir: 'e2e' },
    { name: 'window', testDir: 'renderer', testMatch: '*.spec.ts', use: { trace: 'off' } },
  ],
  outputDir: '../test-results',
  fullyParallel: false,
  workers: 1,
  retries: 0,
  // Limits only end what hangs: a machine may be busy with other things.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
