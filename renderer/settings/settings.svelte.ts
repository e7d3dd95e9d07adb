// The user's settings as the app last told them. Changes show at once and are undone if the app refuses them.
import type { Bridge, Settings } from '../../main/contract/index.js';
import type { Notices } from '../ui/notices.svelte.js';

export class SettingsStore {
  value = $state.raw<Settings | null>(null);
  readonly #bridge: Bridge;
  readonly #notices: Notices;

  constructor(bridge: Bridge, notices: Notices) {
    this.#bridge = bridge;
    this.#notices = notices;
  }

  async load(): Promise<void> {
    this.value = await this.#bridge.call('settings.get', {});
  }

  async set(patch: Partial<Settings>): Promise<void> {
    const before = this.value;
    if (before) this.value = { ...before, ...patch };
    try {
      this.value = await this.#bridge.call('settings.set', { patch });
    } catch (error) {
      this.value = before;
      this.#notices.catch(error);
    }
  }
}
