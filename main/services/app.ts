// Puts the services together. Both shells and the command line call this and nothing else.
import { api, FailureError, type Method, type ReadStats } from '../contract/index.js';
import { Answering, type EvidenceIn } from './answering.js';
import { AppEvents } from './app-events.js';
import { backupHandlers } from './backup/handlers.js';
import { Backups } from './backup/backups.js';
import { restorableApp, type InnerApp, type Restoring } from './backup/restorable-app.js';
import { Calibrations } from './calibrations.js';
import { Context } from './context.js';
import { Conversations } from './conversations.js';
import type { Desk } from './desk.js';
import { Documents } from './documents-service.js';
import { EngineHost } from './engine-host.js';
import { EngineLane } from './engine-lane.js';
import { findEvidence } from './evidence.js';
import { excerptKeys, excerptsOf } from './excerpts.js';
import { failureError } from './failures.js';
import { createHandlers, type Handlers } from './handlers.js';
import { ConversationStore } from './library/conversations.js';
import { DocumentStore } from './library/documents.js';
import { ModelStore } from './library/models.js';
import { openLibrary, type Db } from './library/open.js';
import { ReadingTimeStore } from './library/reading-times.js';
import { ReadingStore } from './library/readings.js';
import { Originals } from './library/originals.js';
import { SearchStore } from './library/search.js';
import { SettingsStore } from './library/settings.js';
import { TurnStore } from './library/turns.js';
import { lookedPlaces } from './looked-places.js';
import { LoadedEngine, type ReadyEngine } from './loaded-engine.js';
import { ModelDownloads } from './model-downloads.js';
import { Models } from './models.js';
import { PromptDocuments } from './prompts.js';
import { readDocuments } from './read-documents.js';
import { Readings } from './readings.js';
import { SavedReadings } from './saved-readings.js';
import { profileName } from './sparsity-profiles.js';
import type { AppOptions, CreateApp } from './types.js';

export const createApp: CreateApp = (options) => restorableApp(options, openApp);

async function openApp(options: AppOptions, restoring: Restoring): Promise<InnerApp> {
  const { db, notice } = openNow(options.dataFolder);
  try {
    const originals = new Originals(options.dataFolder);
    await originals.prepare();
    const events = new AppEvents();
    const desk = await createDesk(options, db, events);
    desk.turns.stopUnfinished();
    await desk.saved.prepare();
    const documents = new Documents(desk.library, originals, options.startWorker, events);
    const answering = new Answering(desk, events, evidenceOf(desk));
    const conversations = new Conversations(desk, answering, events);
    const calibrations = new Calibrations(desk, events, options.dataFolder);
    desk.loaded.onUnloaded(() => calibrations.engineLost());
    const backups = new Backups(db, options.dataFolder, options.version);
    const about = { options, notice, events, desk };
    const services = { ...about, documents, conversations, answering, calibrations };
    const handlers = {
      ...createHandlers(services),
      ...backupHandlers(backups, restoring),
    };
    const close = closing(db, desk, documents, answering, { calibrations, backups });
    return serve(handlers, documents, events, backups, close);
  } catch (error) {
    db.close();
    throw failureError(error);
  }
}

function openNow(folder: string) {
  try {
    return openLibrary(folder);
  } catch (error) {
    throw failureError(error);
  }
}

async function createDesk(options: AppOptions, db: Db, events: AppEvents): Promise<Desk> {
  const library = new DocumentStore(db);
  const conversations = new ConversationStore(db);
  const settings = new SettingsStore(db);
  const documents = new PromptDocuments(library);
  const lane = new EngineLane();
  const host = new EngineHost(options.startWorker, (failure) => loaded.died(failure));
  const { modelsFolder, dataFolder, version } = options;
  const models = await Models.open(new ModelStore(db), host, modelsFolder, dataFolder, version);
  const downloads = new ModelDownloads(dataFolder, events, async (path) => {
    await models.add(path);
    events.emit({ type: 'models' });
  });
  const read = () => settings.read();
  const loaded = new LoadedEngine(host, models, read, events);
  loaded.onUnloaded(() => readings.forget());
  const rows = new ReadingStore(db);
  const room = () => read().readingsBytes;
  const saved = new SavedReadings(options.dataFolder, rows, host, lane, events, room);
  const readings: Readings = new Readings(events, lane, saved, {
    excerptsOf: (id) => excerptsOf(conversations.get(id)),
    offsetOf: ({ documentId, range }) => (range ? library.stretch(documentId, range).start : 0),
    level: async () => read().level ?? (await models.choose(read().modelId)).profile.defaultLevel,
    savedKey: async (excerpts, level) => {
      const { modelId, kvType } = read();
      const { card, profile } = await models.choose(modelId);
      const { status } = loaded;
      const inUse = status.state === 'ready' ? status.memory.kvType : undefined;
      const fingerprint = card.info?.fingerprint;
      if (!fingerprint) return undefined;
      const key = { profile: profileName(profile), level, excerpts: excerptKeys(excerpts) };
      return { fingerprint, kvType: inUse ?? kvType, ...key };
    },
    read: (id, signal) => readDocuments(desk, id, signal),
    took: ({ ready, level }, stats) => keepTime(readingTimes, ready, level, stats),
  });
  const readingTimes = new ReadingTimeStore(db);
  const context = new Context(host, documents);
  const turns = new TurnStore(db);
  const desk: Desk = {
    modelsFolder: options.modelsFolder,
    search: new SearchStore(db),
    library,
    conversations,
    turns,
    settings,
    models,
    downloads,
    host,
    lane,
    loaded,
    documents,
    context,
    readings,
    saved,
    readingTimes,
  };
  return desk;
}

function keepTime(
  times: ReadingTimeStore,
  { model, info, device }: ReadyEngine,
  level: number,
  { readTokens: tokens, seconds, keptFraction }: ReadStats,
): void {
  const profile = profileName(model.profile);
  times.add(info.fingerprint, { device, profile, level, tokens, seconds, keptFraction });
}

function evidenceOf({ documents, library }: Desk): EvidenceIn {
  return (answer, excerpts, looked) => {
    const texts = documents
      .withText(excerpts)
      .map(({ id, text, offset }) => ({ id, text, offset, anchors: library.anchors(id) }));
    const quoted = findEvidence(answer, texts);
    return [...quoted, ...lookedPlaces(looked, texts, quoted, answer.length)];
  };
}

/** A reading being written when the app closes gets this long; the window is gone by then. */
const savePatienceMs = 5000;

function closing(
  db: Db,
  desk: Desk,
  documents: Documents,
  answering: Answering,
  { calibrations, backups }: { calibrations: Calibrations; backups: Backups },
) {
  let closed: Promise<void> | undefined;
  const close = async () => {
    documents.close();
    calibrations.cancel();
    desk.downloads.close();
    // A second is plenty for an engine that obeys; one that does not is ended with its process.
    const patience = new Promise((resolve) => setTimeout(resolve, 1000).unref());
    const answered = answering.close();
    await Promise.race([answered, patience]);
    await desk.saved.close(savePatienceMs);
    desk.host.close();
    await answered;
    await backups.close();
    db.close();
  };
  return () => (closed ??= close());
}

function serve(
  handlers: Handlers,
  documents: Documents,
  events: AppEvents,
  backups: Backups,
  close: () => Promise<void>,
): InnerApp {
  return {
    async handle(method, params) {
      try {
        if (!Object.hasOwn(api, method)) {
          throw new FailureError('bad_request', `Longleaf has no method “${method}”.`);
        }
        return await call(handlers, method as Method, params);
      } catch (error) {
        throw failureError(error);
      }
    },
    onEvent: (listener) => events.on(listener),
    importStream: (stream, fileName, importId) =>
      documents.importStream(stream, fileName, importId).catch((error: unknown) => {
        throw failureError(error);
      }),
    takeBackup: (backupId) => backups.take(backupId),
    close,
  };
}

function call(handlers: Handlers, method: Method, params: unknown): Promise<unknown> {
  const parsed = api[method].params.safeParse(params);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.');
    throw new FailureError(
      'bad_request',
      `${method} was called wrongly${place ? ` (${place})` : ''}: ${issue?.message ?? 'invalid'}.`,
    );
  }
  // The schema of this very method accepted the parameters, which the compiler cannot follow.
  return (handlers[method] as (params: unknown) => Promise<unknown>)(parsed.data);
}
