// What each position of the slider would do here. Fetched once for all positions, so that sliding only looks up.
import type { Bridge, Forecast, LevelForecast } from '../../main/contract/index.js';

export class ForecastStore {
  value = $state.raw<Forecast | null>(null);
  readonly #bridge: Bridge;
  #wanted: string | null = null;
  #running = false;
  #again = false;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  at(level: number): LevelForecast | undefined {
    return this.value?.levels[level];
  }

  /** Of a conversation, or of no document. One request at a time: what changed meanwhile is asked for once more. */
  refresh(conversationId: string | null): void {
    if (conversationId !== this.#wanted) this.value = null;
    this.#wanted = conversationId;
    if (this.#running) this.#again = true;
    else void this.#fetch();
  }

  async #fetch(): Promise<void> {
    this.#running = true;
    do {
      this.#again = false;
      const conversationId = this.#wanted;
      const asked = conversationId === null ? {} : { conversationId };
      // Without it the slider says less; the call that matters to the user says what failed.
      const value = await this.#bridge.call('levels.forecast', asked).catch(() => null);
      if (this.#wanted === conversationId) this.value = value;
    } while (this.#again);
    this.#running = false;
  }
}
