// The models on this machine: bundled ones by the catalog, the user's by path. Says plainly when a file is
// gone or cannot be run.
import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import {
  catalog as catalogSchema,
  FailureError,
  type Catalog,
  type ModelCard,
  type ModelInfo,
  type Prompt,
  type Settings,
  type SparsityProfile,
} from '../contract/index.js';
import type { EngineHost } from './engine-host.js';
import { failureOf } from './failures.js';
import type { Inspection, ModelStore } from './library/models.js';
import { memoryOf } from './model-memory.js';
import { calibrationsIn, findProfile, type FoundProfile } from './sparsity-profiles.js';

type CatalogEntry = Catalog['models'][number];

/** A model ready to be loaded. */
export interface ChosenModel {
  card: ModelCard;
  style: Prompt['style'];
  profile: SparsityProfile;
  source: FoundProfile['source'];
  /** Changes with the file. */
  stamp: string;
}

interface Listed {
  id: string;
  path: string;
  bundled?: CatalogEntry;
}

export class Models {
  readonly #store: ModelStore;
  readonly #host: EngineHost;
  readonly #folder: string;
  readonly #calibrations: string;
  readonly #version: string;
  readonly #entries: CatalogEntry[];

  private constructor(
    store: ModelStore,
    host: EngineHost,
    folder: string,
    dataFolder: string,
    version: string,
    entries: CatalogEntry[],
  ) {
    this.#store = store;
    this.#host = host;
    this.#folder = folder;
    this.#calibrations = calibrationsIn(dataFolder);
    this.#version = version;
    this.#entries = entries;
  }

  static async open(
    store: ModelStore,
    host: EngineHost,
    folder: string,
    dataFolder: string,
    version: string,
  ) {
    const entries = await readFile(join(folder, 'catalog.json'), 'utf8').then(
      (text) => catalogSchema.parse(JSON.parse(text)).models,
      () => [], // no bundled models: the user adds one
    );
    return new Models(store, host, folder, dataFolder, version, entries);
  }

  /** With what each would take here under these settings. */
  async list(settings?: Pick<Settings, 'contextTokens' | 'kvType'>): Promise<ModelCard[]> {
    const chosen = await Promise.all(this.#listed().map((model) => this.#describe(model)));
    return chosen.map(({ card }) =>
      card.info && settings ? { ...card, memory: memoryOf(card.info, settings) } : card,
    );
  }

  /** Where the files on the list really lie. */
  async paths(): Promise<Set<string>> {
    const real = this.#listed().map(({ path }) => realpath(path).catch(() => path));
    return new Set(await Promise.all(real));
  }

  /** Null: the first bundled model. Throws no_model when it is not in the list. */
  async choose(id: string | null): Promise<ChosenModel> {
    const listed = this.#listed();
    const model = id === null ? listed[0] : listed.find((each) => each.id === id);
    if (!model) {
      throw new FailureError(
        'no_model',
        id === null ? 'There is no model yet.' : 'The chosen model is no longer in the list.',
        'Choose a model in the settings, or add a GGUF file.',
      );
    }
    return this.#describe(model);
  }

  /** The file stays where it is. A file that cannot be used is listed with the reason. */
  async add(typed: string): Promise<ModelCard> {
    const path = await existingFile(typed);
    const known = await this.#listedAt(path);
    if (known) {
      this.#remember(known, (await this.#inspect(path)).info);
      return (await this.#describe(known)).card;
    }
    const id = createHash('sha256').update(path).digest('hex').slice(0, 24);
    const { card } = await this.#describe({ id, path });
    this.#store.add({ id, path });
    this.#remember({ id, path }, card.info);
    return card;
  }

  /** What file it was that the user added; another in its place is told from it. */
  #remember({ path, bundled }: Listed, info: Inspected | undefined): void {
    if (!bundled && info) {
      this.#store.keepInspection(asAdded(path), asAddedStamp, {
        info: { chatTemplate: '', ...info },
      });
    }
  }

  #isReplaced({ path, bundled }: Listed, info: Inspected | undefined): boolean {
    const added = bundled ? undefined : this.#store.inspection(asAdded(path), asAddedStamp)?.info;
    return added !== undefined && info !== undefined && added.fingerprint !== info.fingerprint;
  }

  /** True when it was listed. Bundled models stay. */
  remove(id: string): void {
    if (id.startsWith(bundledPrefix)) {
      throw new FailureError('bad_request', 'The bundled model cannot be removed from the list.');
    }
    this.#store.remove(id);
  }

  #listed(): Listed[] {
    const bundled = this.#entries.map((entry) => ({
      id: bundledPrefix + entry.file,
      path: join(this.#folder, entry.file),
      bundled: entry,
    }));
    return [...bundled, ...this.#store.list()];
  }

  async #listedAt(path: string): Promise<Listed | undefined> {
    for (const each of this.#listed()) {
      if ((await realpath(each.path).catch(() => undefined)) === path) return each;
    }
    return undefined;
  }

  async #describe(model: Listed): Promise<ChosenModel> {
    const { stamp, info, failure } = await this.#inspect(model.path);
    const entry = model.bundled ?? (await this.#bundledTwin(info?.fingerprint));
    const profileOf = entry ? join(this.#folder, entry.file) : model.path;
    const { profile, source } = await findProfile(profileOf, this.#folder, this.#calibrations, {
      fingerprint: info?.fingerprint,
      layers: info?.layers ?? 0,
    });
    const shown = info && { ...info, chatTemplate: undefined };
    delete shown?.chatTemplate;
    const fileTitle = basename(model.path).replace(/\.gguf$/i, '');
    const card: ModelCard = {
      id: model.id,
      path: model.path,
      bundled: model.bundled !== undefined,
      title: model.bundled?.title ?? (info?.name || fileTitle),
      summary: entry?.summary,
      limits: entry?.limits,
      defaultLevel: profile.defaultLevel,
      profiled: source !== 'paper',
      info: shown,
      failure: failure && { message: failure.message, hint: failure.hint },
      replaced: this.#isReplaced(model, info) || undefined,
    };
    return { card, style: entry?.promptStyle ?? 'instructed', profile, source, stamp };
  }

  /** A bundled model under another path is used the same way. */
  async #bundledTwin(fingerprint: string | undefined): Promise<CatalogEntry | undefined> {
    if (!fingerprint) return undefined;
    for (const entry of this.#entries) {
      const { info } = await this.#inspect(join(this.#folder, entry.file));
      if (info?.fingerprint === fingerprint) return entry;
    }
    return undefined;
  }

  async #inspect(path: string): Promise<Inspection & { stamp: string }> {
    const file = await stat(path).catch(() => undefined);
    if (!file?.isFile()) {
      const failure = {
        code: 'no_model' as const,
        message: `The file ${path} is no longer there.`,
        hint: 'Put it back, or remove the model from the list and add it from its new place.',
      };
      return { stamp: absentStamp, failure };
    }
    const stamp = `${this.#version} ${file.size} ${file.mtimeMs}`;
    const kept = this.#store.inspection(path, stamp);
    if (kept) return { stamp, ...kept };
    try {
      const inspection = { info: await this.#host.inspect(path) };
      this.#store.keepInspection(path, stamp, inspection);
      return { stamp, ...inspection };
    } catch (error) {
      const failure = failureOf(error);
      const lasting = failure.code === 'bad_model' || failure.code === 'unsupported_model';
      if (lasting) this.#store.keepInspection(path, stamp, { failure });
      return { stamp, failure };
    }
  }
}

type Inspected = Omit<ModelInfo, 'chatTemplate'>;

const asAdded = (path: string) => `as added: ${path}`;
const asAddedStamp = 'added';
const bundledPrefix = 'bundled:';
/** The stamp of a file that is not there. */
export const absentStamp = 'absent';

async function existingFile(typed: string): Promise<string> {
  const path = typed.trim().replace(/^~(?=[/\\])/, homedir());
  if (!isAbsolute(path)) {
    throw new FailureError('bad_request', `“${typed}” is not a full path.`, 'Start at the root.');
  }
  const real = await realpath(path).catch(() => undefined);
  const file = real && (await stat(real).catch(() => undefined));
  if (!real || !file) throw new FailureError('no_model', `There is no file at ${path}.`);
  if (!file.isFile()) throw new FailureError('no_model', `${path} is not a file.`);
  return real;
}
