// Packages the app for Linux around a stand-in for Electron's folder, offline, then looks at what is where and
// runs it: the packaged files alone must be enough.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractAll, listPackage } from '@electron/asar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writePdf } from '../../fixtures/documents/pdf-writer.js';
import { docxParagraph, writeDocx, writeEpub } from '../../fixtures/documents/zip-writer.js';
import { ask, openLink } from '../web/client.js';
import { fuseSentinel, makeStandIn } from './stand-in.js';

// No registry, no download: every connection would go to a port where nothing listens.
const offline = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' };
const prebuild = `linux-${process.arch}.node`;

let work: string;
let app: string;
let archive: string;
let inside: string[];

function electronVersion(): string {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: { electron: string };
  };
  return manifest.devDependencies.electron;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

// Only Linux has a stand-in; elsewhere the case is reported as skipped.
describe.runIf(process.platform === 'linux')('the packaged app', () => {
  beforeAll(() => {
    for (const needed of ['dist/main/app.js', 'dist/renderer/index.html', 'native/build/Release']) {
      if (!existsSync(needed)) throw new Error(`${needed} is missing: run "npm run build" first`);
    }
    work = mkdtempSync(join(tmpdir(), 'longleaf-package-'));
    const standIn = join(work, 'electron');
    makeStandIn(standIn, electronVersion());
    const settings = [
      `-c.electronDist=${standIn}`,
      `-c.electronVersion=${electronVersion()}`,
      `-c.directories.output=${join(work, 'out')}`,
    ];
    const args = ['node_modules/electron-builder/cli.js', '--linux', 'dir', '--publish', 'never'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, ...settings], {
      encoding: 'utf8',
      env: { ...process.env, ...offline },
    });
    if (status !== 0) throw new Error(`electron-builder failed:\n${stdout}${stderr}`);
    const [folder] = readdirSync(join(work, 'out')).filter((name) => name.endsWith('unpacked'));
    app = join(work, 'out', folder ?? '');
    archive = join(app, 'resources', 'app.asar');
    inside = listPackage(archive, { isPack: false }).map((name) => name.slice(1));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test('has the program, the licence and the archive', () => {
    expect(statSync(join(app, 'longleaf')).mode & 0o111).not.toBe(0);
    expect(readFileSync(join(app, 'resources', 'LICENSE.txt'), 'utf8')).toContain('MIT');
    expect(readFileSync(join(app, 'version'), 'utf8').trim()).toBe(electronVersion());
  });

  test('holds every process and the window', () => {
    for (const name of ['app.js', 'web.js', 'cli.js', 'engine.js', 'parser.js', 'preload.cjs']) {
      expect(inside).toContain(`dist/main/${name}`);
    }
    expect(inside).toContain('dist/renderer/index.html');
    expect(inside).toContain('package.json');
  });

  test('has native code outside the archive, for this platform only', () => {
    const unpacked = filesUnder(join(app, 'resources', 'app.asar.unpacked'));
    expect(unpacked).toEqual([
      'native/build/Release/longleaf.node',
      `node_modules/better-sqlite3/prebuilds/${prebuild}`,
    ]);
  });

  test('has the models outside the archive', () => {
    const models = filesUnder(join(app, 'resources', 'models'));
    expect(models).toContain('catalog.json');
    expect(models).toContain('longleaf-mini.gguf');
    expect(models).toContain('longleaf-mini.sparsity.json');
    expect(models.filter((name) => !/\.(gguf|json|md)$/.test(name))).toEqual([]);
    expect(inside.filter((name) => name.startsWith('models'))).toEqual([]);
  });

  test('has no tests, sources, maps or tools', () => {
    const own = inside.filter((name) => !name.startsWith('node_modules'));
    const pageWorker = /^dist\/renderer\/assets\/pdf\.worker\.min-[\w-]+\.mjs$/;
    const foreign = own.filter((name) => /\.(ts|svelte|map|cpp|h|mjs)$/.test(name));
    expect(foreign.filter((name) => !pageWorker.test(name))).toEqual([]);
    expect(own.filter((name) => /(^|\/)(test|main\/setup|\.git)/.test(name))).toEqual([]);
    const tools = [
      'electron',
      'vite',
      'vitest',
      'typescript',
      'esbuild',
      'svelte',
      'node',
      '@napi-rs',
    ];
    for (const tool of tools) expect(inside).not.toContain(`node_modules/${tool}`);
    expect(inside.filter((name) => /\.(d\.ts|map|cpp)$/.test(name))).toEqual([]);
  });

  test('keeps the licences of the packages it carries', () => {
    for (const name of ['zod', 'pdfjs-dist', 'better-sqlite3', 'mammoth', 'ws']) {
      const kept = inside.some((file) => file.startsWith(`node_modules/${name}/LICENSE`));
      expect(kept, name).toBe(true);
    }
  });

  test('is no larger than it need be', () => {
    expect(statSync(archive).size).toBeLessThan(25 * 1024 * 1024);
  });

  test('has the fuses of a release', () => {
    const program = readFileSync(join(app, 'longleaf')).toString('latin1');
    const at = program.indexOf(fuseSentinel) + fuseSentinel.length + 2;
    // RunAsNode, CookieEncryption, NodeOptions, NodeCliInspect, AsarIntegrity, OnlyLoadAppFromAsar,
    // BrowserProcessSnapshot, FileProtocolPrivileges.
    expect(program.slice(at, at + 8)).toBe('00001100');
  });

  describe('unpacked and run by plain Node', () => {
    let folder: string;
    let port: number;
    let cookie: string;
    let child: ReturnType<typeof spawn>;

    beforeAll(async () => {
      folder = join(work, 'run');
      extractAll(archive, folder);
      cpSync(join(app, 'resources', 'models'), join(folder, 'models'), { recursive: true });
      const args = ['dist/main/web.js', '--no-open', `--data=${join(work, 'data')}`];
      child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
      const link = await new Promise<string>((resolve, reject) => {
        let printed = '';
        child.stdout?.on('data', (chunk: Buffer) => {
          printed += chunk.toString('utf8');
          const found = /http:\S+/.exec(printed);
          if (found) resolve(found[0]);
        });
        child.on('exit', (code) => reject(new Error(`web.js ended with ${code}`)));
      });
      port = Number(new URL(link).port);
      cookie = (await openLink(port, link)) ?? '';
    });
    afterAll(async () => {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    });

    test('serves the window', async () => {
      const { status, body } = await ask(port, { headers: { cookie } });
      expect(status).toBe(200);
      expect(body).toContain('<div id="app">');
    });

    const paragraphs = 'The access code of the gilded ferry is 48213. '.repeat(20);
    test.each([
      ['pdf', 'a.pdf', writePdf([['The ferry leaves at noon.'], ['It returns at dusk.']])],
      ['docx', 'a.docx', writeDocx(docxParagraph(paragraphs))],
      ['epub', 'a.epub', writeEpub({ chapters: [{ file: 'c.xhtml', body: paragraphs }] })],
      ['html', 'a.html', Buffer.from(`<!doctype html><p>${paragraphs}</p>`)],
    ])('reads a %s: nothing the parsers need was left out', async (kind, name, body) => {
      const answer = await ask(port, {
        method: 'PUT',
        path: `/upload?name=${name}&importId=${name}`,
        headers: { cookie, origin: `http://127.0.0.1:${port}` },
        body,
      });
      expect(JSON.parse(answer.body)).toMatchObject({ kind, fileName: name });
    });

    test('has a command line', () => {
      const { status, stdout } = spawnSync(process.execPath, ['dist/main/cli.js', '--help'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(status).toBe(0);
      expect(stdout).toContain('longleaf');
    });
  });
});
