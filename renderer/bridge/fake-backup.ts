// Backups on the scripted bridge: a file named damaged… is refused.
import type { CheckedBackup, Result } from '../../main/contract/index.js';
import { BridgeError } from './bridge-error.js';

const contents = {
  createdAt: Date.UTC(2026, 9, 31, 12),
  app: '0.1.0',
  documents: 42,
  conversations: 118,
  turns: 965,
  bytes: 381_000_000,
};

export const preparedBackup: Result<'backup.prepare'> = {
  ...contents,
  missing: 1,
  backupId: 'b1',
  fileName: 'Longleaf 2026-10-31.zip',
};

export async function checkedBackup(name: string): Promise<CheckedBackup> {
  if (name.startsWith('damaged')) {
    throw new BridgeError({
      code: 'storage',
      message: 'This backup cannot be restored. The library in it is damaged. Nothing was changed.',
      hint: 'Get another copy of it, or choose an older backup.',
    });
  }
  return { ...contents, missing: 0, restoreId: 'r1' };
}

export const restored = {
  aside: '/home/ada/.local/share/longleaf/before-restore-2026-11-25-13-05-11',
};
