// Downloads the user asked for: several at a time, each told of as it goes on, kept in the list until it is
// dismissed. A finished file joins the models.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FailureError, type ModelDownload } from '../contract/index.js';
import type { AppEvents } from './app-events.js';
import { failureOf } from './failures.js';
import { downloadModel, fileName, fileUrl, type DownloadOrder } from './model-download.js';

const millisecondsBetweenEvents = 250;

interface Running {
  shown: ModelDownload;
  abort: AbortController;
  told: number;
}

export class ModelDownloads {
  readonly #folder: string;
  readonly #events: AppEvents;
  readonly #add: (path: string) => Promise<unknown>;
  readonly #downloads = new Map<string, Running>();

  constructor(dataFolder: string, events: AppEvents, add: (path: string) => Promise<unknown>) {
    this.#folder = join(dataFolder, 'models');
    this.#events = events;
    this.#add = add;
  }

  list(): ModelDownload[] {
    return [...this.#downloads.values()].map(({ shown }) => shown);
  }

  /** Begins, or goes on with a part that is on disk. Throws bad_request for an address that cannot be right. */
  start(order: DownloadOrder): ModelDownload {
    const url = fileUrl(order.url);
    if (order.sha256 && !/^\s*[0-9a-f]{64}\s*$/i.test(order.sha256)) {
      throw new FailureError('bad_request', 'A SHA-256 is 64 digits and letters from a to f.');
    }
    const id = createHash('sha256').update(url.href).digest('hex').slice(0, 24);
    if (this.#downloads.get(id)?.shown.state === 'running') return this.#downloads.get(id)!.shown;
    const shown: ModelDownload = {
      id,
      url: url.href,
      name: fileName(url),
      state: 'running',
      bytesDone: 0,
      bytesTotal: null,
    };
    const running = { shown, abort: new AbortController(), told: 0 };
    this.#downloads.set(id, running);
    void this.#run(running, order);
    this.#tell(running);
    return shown;
  }

  /** Stops one that runs, and keeps its part; takes one that does not off the list. */
  stop(id: string): void {
    const running = this.#downloads.get(id);
    if (!running) return;
    if (running.shown.state === 'running') running.abort.abort();
    else this.#downloads.delete(id);
    this.#tell(running);
  }

  close(): void {
    for (const { abort } of this.#downloads.values()) abort.abort();
  }

  async #run(running: Running, order: DownloadOrder): Promise<void> {
    const { signal } = running.abort;
    try {
      const path = await downloadModel(
        order,
        this.#folder,
        ({ bytesDone, bytesTotal, checking }) => {
          running.shown = { ...running.shown, bytesDone, bytesTotal, checking };
          if (Date.now() - running.told >= millisecondsBetweenEvents) this.#tell(running);
        },
        signal,
      );
      await this.#add(path);
      running.shown = { ...running.shown, state: 'done', path };
    } catch (error) {
      const failure = signal.aborted ? undefined : failureOf(error);
      running.shown = { ...running.shown, state: failure ? 'failed' : 'stopped', failure };
    }
    this.#tell(running);
  }

  #tell(running: Running): void {
    running.told = Date.now();
    this.#events.emit({ type: 'downloads', downloads: this.list() });
  }
}
