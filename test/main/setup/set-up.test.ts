// The pure parts of main/setup.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { architectureOf, chooseCuda, probeCuda } from '../../../main/setup/cuda.mjs';
import { fingerprint, isStamped, writeStamp } from '../../../main/setup/fingerprint.mjs';
import { isInstalled } from '../../../main/setup/install.mjs';
import { countJunit, countPlaywright, countVitest } from '../../../main/setup/runners.mjs';
import { chooseShell } from '../../../main/setup/shell-choice.mjs';
import { atLeast, requireNode, versionIn } from '../../../main/setup/tools.mjs';

describe('versions', () => {
  test('are found in what tools print', () => {
    expect(versionIn('cmake version 3.25.1')).toEqual([3, 25, 1]);
    expect(versionIn('g++ (Debian 12.2.0-14) 12.2.0')).toEqual([12, 2, 0]);
    expect(versionIn('ninja 1.11')).toEqual([1, 11, 0]);
    expect(versionIn('no idea')).toBeNull();
  });

  test.each([
    [[3, 24, 0], true],
    [[3, 23, 9], false],
    [[4, 0, 0], true],
    [[2, 99, 0], false],
  ])('%s is at least 3.24: %s', (version, expected) => {
    expect(atLeast(version, [3, 24])).toBe(expected);
  });

  test('an old Node is one sentence', () => {
    expect(() => requireNode('18.20.1')).toThrow(/needs Node 20 or newer.*this is Node 18\.20\.1/);
    expect(() => requireNode('20.0.0')).not.toThrow();
  });
});

describe('the CUDA part is built', () => {
  const nvcc = (version: string | null) => ({ compiler: 'nvcc', version });
  const tools = { nvcc: nvcc('13.0'), gpus: [] as string[], wanted: null as string | null };

  test.each([
    ['for the GPU of the machine', { ...tools, gpus: ['9.0'] }, ['90a', '80']],
    ['for both GPUs', { ...tools, gpus: ['8.6', '12.0'] }, ['86;120', '80']],
    ['for any GPU where none is known', tools, ['80']],
    ['for what a release names', { ...tools, wanted: '80-real;90a-real' }, ['80-real;90a-real']],
  ])('%s', (_name, found, choices) => {
    expect(chooseCuda(found)).toEqual({ choices, why: null });
  });

  test.each([
    ['without nvcc, and nobody is told', { ...tools, nvcc: null }, null],
    ['when told so', { ...tools, wanted: 'off' }, /off/],
    ['when nvcc is old', { ...tools, nvcc: nvcc('11.8') }, /11\.8 is too old/],
    ['when nvcc does not run', { ...tools, nvcc: nvcc(null) }, /does not run/],
    ['when the GPU is old', { ...tools, gpus: ['7.5'] }, /compute capability 7\.5/],
    ['without nvcc, against the wish', { ...tools, nvcc: null, wanted: '80' }, /not found/],
  ])('not %s', (_name, found, why) => {
    const chosen = chooseCuda(found);
    expect(chosen.choices).toEqual([]);
    if (why) expect(chosen.why).toMatch(why);
    else expect(chosen.why).toBeNull();
  });

  test('not when nvcc is broken, which is one sentence and no failure', async () => {
    const broken = { compiler: process.execPath, version: '13.0' };
    const { architectures, why } = await probeCuda({ ...tools, nvcc: broken });
    expect(architectures).toBeUndefined();
    expect(why).toMatch(/^The engine is built for the CPU only: nvcc 13\.0 cannot .*\.$/);
  });

  test('with the instructions of Hopper alone on Hopper', () => {
    expect(['8.0', '9.0', '12.0'].map(architectureOf)).toEqual(['80', '90a', '120']);
  });
});

describe('dependencies are installed when', () => {
  const lockfile = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/mac-only': { version: '2.0.0', optional: true },
    },
  };
  const installed = (packages: object) => isInstalled(lockfile, { packages });

  test('every package is there in its version', () => {
    expect(installed({ 'node_modules/a': { version: '1.0.0' } })).toBe(true);
  });
  test('not when one is missing', () => {
    expect(installed({})).toBe(false);
  });
  test('not when one is older', () => {
    expect(installed({ 'node_modules/a': { version: '0.9.0' } })).toBe(false);
  });
  test('not when an optional one is there in another version', () => {
    const packages = {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/mac-only': { version: '1.0.0' },
    };
    expect(installed(packages)).toBe(false);
  });
});

describe('fingerprints', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'longleaf-print-'));
    writeFileSync(join(folder, 'a.ts'), 'a');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('change with content, names and extras, and with nothing else', () => {
    const first = fingerprint([folder], 'gcc 12');
    writeFileSync(join(folder, 'a.ts'), 'a');
    expect(fingerprint([folder], 'gcc 12')).toBe(first);
    expect(fingerprint([folder], 'gcc 13')).not.toBe(first);
    writeFileSync(join(folder, 'b.ts'), '');
    const second = fingerprint([folder], 'gcc 12');
    expect(second).not.toBe(first);
    writeFileSync(join(folder, 'b.ts'), 'b');
    expect(fingerprint([folder], 'gcc 12')).not.toBe(second);
  });

  test('leave out what builds produce', () => {
    const first = fingerprint([folder]);
    mkdirSync(join(folder, 'build'));
    writeFileSync(join(folder, 'build', 'x.o'), 'x');
    expect(fingerprint([folder])).toBe(first);
  });

  test('a stamp holds one value', () => {
    const stamp = join(folder, 'deep', 'stamp');
    expect(isStamped(stamp, 'x')).toBe(false);
    writeStamp(stamp, 'x');
    expect(isStamped(stamp, 'x')).toBe(true);
    expect(isStamped(stamp, 'y')).toBe(false);
  });
});

describe('the shell that opens', () => {
  const desktop = { electron: '/e', platform: 'linux', env: { DISPLAY: ':0' }, isRoot: false };

  test.each([
    [[], desktop, 'electron'],
    [['--data', 'x'], desktop, 'electron'],
    [[], { ...desktop, electron: null }, 'browser'],
    [[], { ...desktop, env: {} }, 'browser'],
    [[], { ...desktop, env: { WAYLAND_DISPLAY: 'w' } }, 'electron'],
    [[], { ...desktop, isRoot: true }, 'browser'],
    [[], { ...desktop, platform: 'darwin', env: {} }, 'electron'],
    [['--browser'], desktop, 'browser'],
    [['--port=8123'], desktop, 'browser'],
    [['--no-open'], desktop, 'browser'],
  ])('with %o on %o is %s', (args, surroundings, expected) => {
    const { shell, why } = chooseShell(args, surroundings);
    expect(shell).toBe(expected);
    expect(why).not.toBe('');
  });
});

describe('cases are counted', () => {
  test('from CTest', () => {
    const xml = '<testsuite name="x"\n tests="7"\n failures="2"\n disabled="1"\n skipped="1">';
    expect(countJunit(xml)).toEqual({ passed: 3, failed: 2, skipped: 2 });
  });
  test('from Vitest', () => {
    const json = JSON.stringify({
      numPassedTests: 5,
      numFailedTests: 1,
      numPendingTests: 2,
      numTodoTests: 1,
    });
    expect(countVitest(json)).toEqual({ passed: 5, failed: 1, skipped: 3 });
  });
  test('from Playwright', () => {
    const json = JSON.stringify({ stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 } });
    expect(countPlaywright(json)).toEqual({ passed: 5, failed: 1, skipped: 2 });
  });
});
