// The calibration under way or just done, and the profile the slider goes by.
import type {
  Bridge,
  CalibrationOrder,
  CalibrationRun,
  CalibrationState,
} from '../../main/contract/index.js';
import { FrameBatch } from '../ui/frame-batch.js';
import type { Notices } from '../ui/notices.svelte.js';

export class CalibrationStore {
  run = $state.raw<CalibrationRun>({ state: 'idle' });
  model = $state.raw<CalibrationState['model']>(null);
  /** What is chosen for the next one, as the form has it: it outlives the form. '' is the text that is brought. */
  readonly choice = $state({ documentId: '', tokens: '', facts: '20' });
  readonly #bridge: Bridge;
  readonly #notices: Notices;
  readonly #runs = new FrameBatch<CalibrationRun>((runs) => (this.run = runs.at(-1)!));

  constructor(bridge: Bridge, notices: Notices) {
    this.#bridge = bridge;
    this.#notices = notices;
  }

  receive(run: CalibrationRun): void {
    this.#runs.add(run);
  }

  /** The model, or what is known of it. */
  changed(): void {
    void this.load();
  }

  async load(): Promise<void> {
    await this.#take(this.#bridge.call('calibration.state', {}));
  }

  async start(order: CalibrationOrder): Promise<void> {
    await this.#bridge.call('calibration.start', order).catch(this.#notices.catch);
  }

  async cancel(): Promise<void> {
    await this.#bridge.call('calibration.cancel', {}).catch(this.#notices.catch);
  }

  async keep(): Promise<void> {
    await this.#take(this.#bridge.call('calibration.keep', {}));
  }

  async discard(): Promise<void> {
    await this.#take(this.#bridge.call('calibration.discard', {}));
  }

  async reset(): Promise<void> {
    await this.#take(this.#bridge.call('calibration.reset', {}));
  }

  async #take(call: Promise<CalibrationState>): Promise<void> {
    try {
      const { run, model } = await call;
      this.#runs.clear();
      this.run = run;
      this.model = model;
    } catch (error) {
      this.#notices.catch(error);
    }
  }
}
