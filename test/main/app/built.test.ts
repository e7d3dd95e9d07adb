// What the bundles hold: the safety switches of the window, and no package that would be missing when packaged.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleInto, entries } from '../../../main/setup/bundle.mjs';
import { importsOf } from '../../tools/layers.mjs';

let folder: string;
const text = (name: string) => readFileSync(join(folder, name), 'utf8');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'longleaf-bundles-'));
  await bundleInto(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('app.js', () => {
  test.each([
    'contextIsolation: true',
    'sandbox: true',
    'nodeIntegration: false',
    'nodeIntegrationInWorker: false',
    'nodeIntegrationInSubFrames: false',
    'webSecurity: true',
    'allowRunningInsecureContent: false',
    'webviewTag: false',
    'spellcheck: false',
    'enableSandbox()',
    'requestSingleInstanceLock()',
    'setPermissionRequestHandler',
    'setWindowOpenHandler',
  ])('has %s', (switched) => {
    expect(text('app.js')).toContain(switched);
  });

  test.each([
    /nodeIntegration\w*: true/,
    /contextIsolation: false/,
    /sandbox: false/,
    /webSecurity: false/,
    /enableBlinkFeatures|experimentalFeatures/,
    /loadFile\(|loadURL\(["'`]http/,
    /no-sandbox/,
    /enableRemoteModule|@electron\/remote/,
  ])('has nothing like %s', (dangerous) => {
    expect(text('app.js')).not.toMatch(dangerous);
  });
});

test('the preload script is one CommonJS file that asks for Electron alone', () => {
  const asked = [...text('preload.cjs').matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
  expect(new Set(asked)).toEqual(new Set(['electron']));
  expect(text('preload.cjs')).not.toMatch(/^import /m);
});

test.each(Object.keys(entries))('%s.js imports only what a packaged app has', (name) => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const packageOf = (module: string) =>
    module
      .split('/')
      .slice(0, module.startsWith('@') ? 2 : 1)
      .join('/');
  const outside = importsOf(text(`${name}.js`))
    .map((found) => found.name)
    .filter((module) => !module.startsWith('.') && !module.startsWith('node:'))
    .map(packageOf)
    .filter((module) => !builtinModules.includes(module) && !(module in manifest.dependencies));
  expect(outside.filter((module) => !(name === 'app' && module === 'electron'))).toEqual([]);
});
