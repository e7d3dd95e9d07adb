// One Longleaf per data folder: two would load the model twice and answer from different states. The lock is a
// file with the owner's process id; a lock whose owner is gone is taken over.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError } from '../contract/index.js';

interface Owner {
  pid: number;
  /** Tells a process from a later one with the same id; null where the platform does not say. */
  started: string | null;
}

export interface DataLock {
  /** Idempotent. */
  release(): void;
}

/** Ticks since boot at which a process started, on Linux. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return owner.started === null || owner.started === startOf(owner.pid);
}

/** Who holds the lock; null when the file is gone or was cut short by a crash. */
function readOwner(file: string): Owner | null {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Partial<Owner>;
    if (!Number.isInteger(owner.pid)) return null;
    return { pid: owner.pid as number, started: owner.started ?? null };
  } catch {
    return null;
  }
}

function tryCreate(file: string, owner: Owner): boolean {
  try {
    writeFileSync(file, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const reasons: Record<string, string> = {
  EACCES: 'it may not be written to',
  EPERM: 'it may not be written to',
  EROFS: 'its disk cannot be written to',
  ENOSPC: 'its disk is full',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'it is not a folder',
};

function unusable(folder: string, error: unknown): FailureError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new FailureError(
    'storage',
    `Longleaf cannot keep its data in ${folder}: ${reasons[code ?? ''] ?? message}.`,
    'Start with another folder: --data FOLDER.',
  );
}

/** Creates the folder when absent. Throws FailureError: `busy` when another Longleaf has it, `storage` when it
 *  cannot be used. */
export function lockDataFolder(folder: string): DataLock {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return lock(folder);
  } catch (error) {
    throw error instanceof FailureError ? error : unusable(folder, error);
  }
}

function lock(folder: string): DataLock {
  const file = join(folder, 'lock');
  const me: Owner = { pid: process.pid, started: startOf(process.pid) };
  for (let attempt = 0; attempt < 3; attempt++) {
    if (tryCreate(file, me)) {
      return {
        release: () => {
          const owner = readOwner(file);
          if (owner?.pid === me.pid && owner.started === me.started) rmSync(file, { force: true });
        },
      };
    }
    const owner = readOwner(file);
    if (owner && isAlive(owner)) {
      throw new FailureError(
        'busy',
        `Longleaf is already running on this data folder (process ${owner.pid}): ${folder}`,
        'Use that one, close it first, or start with another folder: --data FOLDER.',
      );
    }
    rmSync(file, { force: true });
  }
  throw new FailureError('storage', `The lock file ${file} could not be written.`);
}
