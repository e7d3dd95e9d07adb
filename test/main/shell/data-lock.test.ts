import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataFolder } from '../../../main/shell/data-lock.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'longleaf-lock-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const lockFile = () => join(folder, 'data', 'lock');
const lock = () => lockDataFolder(join(folder, 'data'));

test('makes the folder and holds it until released', () => {
  const held = lock();
  expect(existsSync(lockFile())).toBe(true);
  expect(lock).toThrow(/already running on this data folder \(process \d+\)/);
  held.release();
  held.release();
  lock().release();
  expect(existsSync(lockFile())).toBe(false);
});

test('takes over from a process that is gone', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.on('exit', resolve));
  lock().release();
  writeFileSync(lockFile(), JSON.stringify({ pid: child.pid, started: '1' }));
  const held = lock();
  expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
  held.release();
});

test.runIf(process.platform === 'linux')('takes over when the process id was given away', () => {
  lock().release();
  writeFileSync(lockFile(), JSON.stringify({ pid: process.pid, started: '1' }));
  lock().release();
});

test('takes over a lock cut short by a crash', () => {
  lock().release();
  writeFileSync(lockFile(), '{"pi');
  lock().release();
});

test('a folder that cannot be used is named, with the reason', () => {
  writeFileSync(join(folder, 'data'), 'a file');
  expect(lock).toThrow(/cannot keep its data in .*data: it is not a folder\./);
});
