// The models on the list, the one in use, and how its engine is doing.
import type {
  AppEvent,
  Bridge,
  EngineStatus,
  FoundModel,
  ModelCard,
  ModelDownload,
  Result,
} from '../../main/contract/index.js';
import { FrameBatch } from '../ui/frame-batch.js';
import type { Notices } from '../ui/notices.svelte.js';
import type { SettingsStore } from './settings.svelte.js';

export class EngineStore {
  status = $state.raw<EngineStatus>({ state: 'idle' });
  models = $state.raw<ModelCard[]>([]);
  downloads = $state.raw<ModelDownload[]>([]);
  info = $state.raw<Result<'app.info'> | null>(null);
  readonly #bridge: Bridge;
  readonly #settings: SettingsStore;
  readonly #notices: Notices;
  readonly #statuses = new FrameBatch<EngineStatus>((statuses) => {
    this.status = statuses.at(-1)!;
  });

  constructor(bridge: Bridge, settings: SettingsStore, notices: Notices) {
    this.#bridge = bridge;
    this.#settings = settings;
    this.#notices = notices;
  }

  /** The card of the chosen model; null: the bundled one. */
  get current(): ModelCard | null {
    const chosen = this.#settings.value?.modelId;
    return (
      this.models.find((card) => (chosen ? card.id === chosen : card.bundled && !card.failure)) ??
      null
    );
  }

  /** The slider's position: the user's, else the model's own. */
  get level(): number {
    return this.#settings.value?.level ?? this.current?.defaultLevel ?? 0;
  }

  async load(): Promise<void> {
    const [status, models, downloads, info] = await Promise.all([
      this.#bridge.call('engine.status', {}),
      this.#bridge.call('models.list', {}),
      this.#bridge.call('models.downloads', {}),
      this.#bridge.call('app.info', {}),
    ]);
    this.#setStatus(status);
    this.models = models;
    this.downloads = downloads;
    this.info = info;
  }

  receive(event: Extract<AppEvent, { type: 'engine' | 'models' | 'downloads' }>): void {
    if (event.type === 'engine') this.#statuses.add(event.status);
    else if (event.type === 'downloads') this.downloads = event.downloads;
    else this.#reloadModels().catch(this.#notices.catch);
  }

  async add(path: string): Promise<ModelCard> {
    const card = await this.#bridge.call('models.add', { path });
    await this.#reloadModels();
    return card;
  }

  async remove(modelId: string): Promise<void> {
    await this.#bridge.call('models.remove', { modelId });
    await this.#reloadModels();
  }

  find(): Promise<FoundModel[]> {
    return this.#bridge.call('models.find', {});
  }

  async download(url: string, sha256: string): Promise<void> {
    await this.#bridge.call('models.download', { url, sha256: sha256 || undefined });
  }

  async stopDownload(downloadId: string): Promise<void> {
    await this.#bridge.call('models.stopDownload', { downloadId });
  }

  async loadModel(): Promise<void> {
    try {
      this.#setStatus(await this.#bridge.call('engine.load', {}));
    } catch (error) {
      this.#notices.catch(error);
    }
  }

  /** What a call tells is newer than every event that came before it. */
  #setStatus(status: EngineStatus): void {
    this.#statuses.clear();
    this.status = status;
  }

  async #reloadModels(): Promise<void> {
    this.models = await this.#bridge.call('models.list', {});
  }
}
