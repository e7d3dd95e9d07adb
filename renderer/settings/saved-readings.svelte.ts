// The readings on disk, as the settings show them. Asked for when somebody looks, and kept up to date then.
import type { Bridge, SavedReadings } from '../../main/contract/index.js';
import type { Notices } from '../ui/notices.svelte.js';

export class SavedReadingsStore {
  value = $state.raw<SavedReadings | null>(null);
  readonly #bridge: Bridge;
  readonly #notices: Notices;

  constructor(bridge: Bridge, notices: Notices) {
    this.#bridge = bridge;
    this.#notices = notices;
  }

  async load(): Promise<void> {
    await this.#take(this.#bridge.call('readings.saved', {}));
  }

  /** Something changed. Nobody who never looked needs to know. */
  changed(): void {
    if (this.value) void this.load();
  }

  async keep(readingId: string, keep: boolean): Promise<void> {
    await this.#take(this.#bridge.call('readings.keep', { readingId, keep }));
  }

  async remove(readingId: string): Promise<void> {
    await this.#take(this.#bridge.call('readings.remove', { readingId }));
  }

  async #take(call: Promise<SavedReadings>): Promise<void> {
    try {
      this.value = await call;
    } catch (error) {
      this.#notices.catch(error);
    }
  }
}
