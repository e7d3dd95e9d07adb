// Which model the engine has loaded, and whether that is still what the settings ask for. Loads lazily: a
// change of model, threads, KV type or context makes the engine idle until something needs it.
import {
  FailureError,
  type EngineStatus,
  type Failure,
  type ModelInfo,
  type Settings,
} from '../contract/index.js';
import type { AppEvents } from './app-events.js';
import type { EngineHost } from './engine-host.js';
import { failureOf } from './failures.js';
import { absentStamp, type ChosenModel, type Models } from './models.js';

export interface ReadyEngine {
  model: ChosenModel;
  info: ModelInfo;
  /** What runs it: "CPU, AVX2, 2 threads". */
  device: string;
  /** Tokens a session can hold. */
  limit: number;
  kvType: string;
  /** Of K and V. */
  bytesPerToken: number;
}

interface Load {
  key: string;
  done: Promise<ReadyEngine>;
}

export class LoadedEngine {
  readonly #host: EngineHost;
  readonly #models: Models;
  readonly #settings: () => Settings;
  readonly #events: AppEvents;
  readonly #onUnloaded: (() => void)[] = [];
  #status: EngineStatus = { state: 'idle' };
  #load: Load | undefined;

  constructor(host: EngineHost, models: Models, settings: () => Settings, events: AppEvents) {
    this.#host = host;
    this.#models = models;
    this.#settings = settings;
    this.#events = events;
  }

  /** Whatever the engine had read is gone then. */
  onUnloaded(tell: () => void): void {
    this.#onUnloaded.push(tell);
  }

  get status(): EngineStatus {
    return this.#status;
  }

  /** The engine as the settings want it, loading when it is not. */
  async ensure(): Promise<ReadyEngine> {
    const model = await this.#models.choose(this.#settings().modelId).catch((error: unknown) => {
      this.#setStatus({ state: 'failed', modelId: null, failure: failureOf(error) });
      throw error;
    });
    const key = keyOf(model, this.#settings());
    if (this.#load?.key !== key) {
      this.#unload();
      this.#load = { key, done: this.#start(model, key) };
    }
    return { ...(await this.#load.done), model }; // its profile may have been calibrated since
  }

  /** As ensure(), but a load that failed stays failed until somebody asks for the engine itself. */
  async ensureUnlessFailed(): Promise<ReadyEngine> {
    if (this.#status.state === 'failed') {
      const { code, message, hint } = this.#status.failure;
      throw new FailureError(code, message, hint);
    }
    return this.ensure();
  }

  async settingsChanged(): Promise<void> {
    if (!this.#load && this.#status.state === 'idle') return;
    const model = await this.#models.choose(this.#settings().modelId).catch(() => undefined);
    if (model && this.#load?.key === keyOf(model, this.#settings())) return;
    this.#unload();
    this.#setStatus({ state: 'idle' });
  }

  died(failure: Failure): void {
    const modelId = 'modelId' in this.#status ? this.#status.modelId : null;
    const wasIdle = this.#status.state === 'idle';
    this.#unload();
    if (!wasIdle) this.#setStatus({ state: 'failed', modelId, failure });
  }

  #unload(): void {
    this.#load = undefined;
    for (const tell of this.#onUnloaded) tell();
  }

  async #start(model: ChosenModel, key: string): Promise<ReadyEngine> {
    const modelId = model.card.id;
    const current = () => this.#load === undefined || this.#load.key === key;
    this.#setStatus({ state: 'loading', modelId, fraction: 0 });
    try {
      const failure = model.stamp === absentStamp ? model.card.failure : undefined;
      if (failure) throw new FailureError('no_model', failure.message, failure.hint);
      const options = { path: model.card.path, ...chosenIn(this.#settings()) };
      const loaded = await this.#host.load(options, (fraction) => {
        if (current()) this.#setStatus({ state: 'loading', modelId, fraction });
      });
      const { chatTemplate: _template, ...info } = loaded.info;
      const { device, memory, note } = loaded;
      if (current()) this.#setStatus({ state: 'ready', modelId, device, info, memory, note });
      const { contextTokens: limit, kvBytes, kvType } = memory;
      const bytesPerToken = kvBytes / Math.max(1, limit);
      return {
        model,
        info: loaded.info,
        device,
        limit,
        kvType: kvType ?? this.#settings().kvType,
        bytesPerToken,
      };
    } catch (error) {
      if (current()) {
        this.#load = undefined;
        this.#setStatus({ state: 'failed', modelId, failure: failureOf(error) });
      }
      throw error;
    }
  }

  #setStatus(status: EngineStatus): void {
    this.#status = status;
    this.#events.emit({ type: 'engine', status });
  }
}

function keyOf(model: ChosenModel, settings: Settings): string {
  return JSON.stringify([model.card.path, model.stamp, chosenIn(settings)]);
}

/** What a load depends on, beside the model. */
function chosenIn(settings: Settings) {
  const { threads, kvType, contextTokens, device, vramLimitBytes, allowQ8Kv } = settings;
  return { threads, kvType, contextTokens, device, vramLimitBytes, allowQ8Kv };
}
