// A restore that is killed or fails between any two steps leaves the old library or the new one, whole.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { finishRestore, swapIn, undoSwap } from '../../../main/services/backup/swap.js';
import { newFolder, removeFolder } from '../services/app-fixture.js';

let folder: string;
let staged: string;
beforeEach(() => {
  folder = newFolder();
  staged = `restoring-${randomUUID()}`;
  fill(folder, 'old');
  writeFileSync(join(folder, 'library.db-wal'), 'old');
  fill(join(folder, staged), 'new');
});
afterEach(() => removeFolder(folder));

function fill(at: string, text: string): void {
  for (const name of ['originals', 'sparsity']) {
    mkdirSync(join(at, name), { recursive: true });
    writeFileSync(join(at, name, `${text}-file`), text);
  }
  writeFileSync(join(at, 'library.db'), text);
}

const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');

function expectWhole(text: 'old' | 'new', at = '.'): void {
  expect(read(at, 'library.db')).toBe(text);
  expect(readdirSync(join(folder, at, 'originals'))).toEqual([`${text}-file`]);
  expect(readdirSync(join(folder, at, 'sparsity'))).toEqual([`${text}-file`]);
  expect(existsSync(join(folder, at, 'library.db-wal'))).toBe(text === 'old');
}

const asides = () => readdirSync(folder).filter((name) => name.startsWith('before-restore-'));

/** Moves that end with the one numbered `last`, as a kill or a full disk would end them. */
function dying(last: number) {
  let moves = 0;
  return {
    rename: async (from: string, to: string) => {
      if (++moves > last) throw new Error('killed');
      await rename(from, to);
    },
  };
}

/** Seven: three things go, with what SQLite left beside the library, and three come. */
const allMoves = 7;

it('without a failure the new one is there, and the old one aside', async () => {
  const aside = await swapIn(folder, staged, dying(allMoves));
  expectWhole('new');
  expectWhole('old', asides()[0]);
  expect(aside).toBe(join(folder, asides()[0]!));
  expect(readdirSync(folder).filter((name) => /^restoring/.test(name))).toEqual([]);
});

it('killed at any step, the next start ends it', async () => {
  for (let last = 0; last < allMoves; last++) {
    await expect(swapIn(folder, staged, dying(last))).rejects.toThrow('killed');
    // Killed once more on the way, if there is a way left.
    await finishRestore(folder, dying(1)).catch(() => {});
    await finishRestore(folder);
    expectWhole('new');
    expectWhole('old', asides()[0]);
    expect(readdirSync(folder).some((name) => name.startsWith('restoring'))).toBe(false);
    removeFolder(folder);
    fill(folder, 'old');
    writeFileSync(join(folder, 'library.db-wal'), 'old');
    fill(join(folder, staged), 'new');
  }
});

it('failed at any step, it can be taken back', async () => {
  for (let last = 0; last < allMoves; last++) {
    await expect(swapIn(folder, staged, dying(last))).rejects.toThrow('killed');
    await undoSwap(folder);
    expectWhole('old');
    expectWhole('new', staged);
    expect(asides()).toEqual([]);
  }
  await finishRestore(folder);
  expectWhole('old');
  expect(readdirSync(folder).some((name) => name.startsWith('restoring'))).toBe(false);
});

it('a note that cannot be read stops the start instead of opening half a library', async () => {
  writeFileSync(join(folder, 'restoring.json'), '{"staged": "../../etc", "aside": "x"}');
  await expect(finishRestore(folder)).rejects.toThrow('its note');
  expectWhole('old');
});
