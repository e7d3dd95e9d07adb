// Where models come from: other programs' folders, and downloads.
import type { DownloadOrder } from './model-download.js';
import { findModels } from './model-folders.js';
import type { Desk } from './desk.js';

export function modelHandlers({ models, downloads }: Desk) {
  return {
    'models.find': async () => {
      const [found, listed] = await Promise.all([findModels(), models.paths()]);
      return found.filter(({ path }) => !listed.has(path));
    },
    'models.download': async (order: DownloadOrder) => downloads.start(order),
    'models.downloads': async () => downloads.list(),
    'models.stopDownload': async ({ downloadId }: { downloadId: string }) => {
      downloads.stop(downloadId);
      return {};
    },
  };
}
