// The handlers of backups.
import type { Handlers } from '../handlers.js';
import type { Backups } from './backups.js';
import type { Restoring } from './restorable-app.js';

export function backupHandlers(backups: Backups, restoring: Restoring) {
  return {
    'backup.prepare': () => backups.prepare(),
    'backup.check': ({ path }) => restoring.check(path),
    'backup.forget': async ({ restoreId }) => {
      await restoring.forget(restoreId);
      return {};
    },
    'backup.restore': async ({ restoreId }) => ({ aside: await restoring.restore(restoreId) }),
  } satisfies Partial<Handlers>;
}
