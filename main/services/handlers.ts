// One handler for every method of the contract. Parameters were validated before they come here.
import { availableParallelism, totalmem } from 'node:os';
import type { z } from 'zod';
import {
  FailureError,
  type Api,
  type Failure,
  type Method,
  type Result,
  type Settings,
} from '../contract/index.js';
import type { Answering } from './answering.js';
import type { AppEvents } from './app-events.js';
import type { Calibrations } from './calibrations.js';
import type { Conversations } from './conversations.js';
import type { Desk } from './desk.js';
import { findInText } from './find-in-text.js';
import type { Documents } from './documents-service.js';
import { fittingChoices } from './fitting.js';
import { levelHandlers } from './level-handlers.js';
import { modelHandlers } from './model-handlers.js';
import { seenPrompt } from './seen-prompt.js';
import type { AppOptions } from './types.js';

export type Handlers = {
  [M in Method]: (params: z.output<Api[M]['params']>) => Promise<Result<M>>;
};

type BackupMethod = Extract<Method, `backup.${string}`>;

export interface Services {
  options: AppOptions;
  notice?: Failure;
  events: AppEvents;
  desk: Desk;
  documents: Documents;
  conversations: Conversations;
  answering: Answering;
  calibrations: Calibrations;
}

/** All but those of backups. */
export function createHandlers(services: Services): Omit<Handlers, BackupMethod> {
  return {
    ...appHandlers(services),
    ...modelHandlers(services.desk),
    ...settingsHandlers(services),
    ...documentHandlers(services),
    ...conversationHandlers(services),
    ...readingHandlers(services),
    ...levelHandlers(services.desk, services.calibrations, services.answering),
  };
}

function documentHandlers(services: Services) {
  const { desk, documents } = services;
  return {
    'library.list': async () => ({
      documents: desk.library.list(),
      conversations: desk.conversations.list(),
    }),
    'search.find': async ({ query }) => desk.search.find(query),
    'documents.import': ({ path, importId }) => documents.importPath(path, importId),
    'documents.cancelImport': async ({ importId }) => {
      documents.cancel(importId);
      return {};
    },
    'documents.get': async ({ documentId }) => ({
      ...desk.library.get(documentId),
      anchors: desk.library.anchors(documentId),
    }),
    'documents.text': async ({ documentId, from, to }) => {
      desk.library.get(documentId);
      return desk.library.passages(documentId, from, to);
    },
    'documents.find': async ({ documentId, query }) => {
      const [document] = desk.documents.withText([{ documentId }]);
      return findInText(document!, query);
    },
    'documents.original': async ({ documentId, start, end }) => ({
      base64: await documents.original(documentId, start, end),
    }),
    'documents.remove': async ({ documentId }) => {
      refuseWhileRead(services, documentId);
      await documents.remove(documentId);
      await desk.saved.forgetDocument(documentId);
      return {};
    },
  } satisfies Partial<Handlers>;
}

function conversationHandlers({ conversations, answering, desk }: Services) {
  return {
    'conversations.create': async ({ documentIds }) => conversations.create(documentIds),
    'conversations.get': async ({ conversationId }) => conversations.get(conversationId),
    'conversations.rename': async ({ conversationId, title }) => {
      conversations.rename(conversationId, title);
      return {};
    },
    'conversations.setDocuments': async ({ conversationId, documentIds }) =>
      conversations.setDocuments(conversationId, documentIds),
    'conversations.remove': async ({ conversationId }) => {
      await conversations.remove(conversationId);
      return {};
    },
    'conversations.duplicate': async ({ conversationId, upTo, title }) =>
      conversations.duplicate(conversationId, title, upTo),
    'conversations.prompt': (asked) => seenPrompt(desk, asked),
    'conversations.context': ({ conversationId, draft }) =>
      conversations.context(conversationId, draft),
    'conversations.fitting': async ({ conversationId, draft }) =>
      fittingChoices(desk, await conversations.question(conversationId, draft)),
    'conversations.measureRange': ({ conversationId, documentId, range, draft }) =>
      conversations.measureRange(conversationId, draft, { documentId, range }),
    'conversations.setRange': async ({ conversationId, documentId, range }) =>
      conversations.setRange(conversationId, documentId, range),
    'turns.ask': async ({ conversationId, question }) => answering.ask(conversationId, question),
    'turns.stop': async ({ turnId }) => {
      await answering.stop(turnId);
      return {};
    },
    'turns.regenerate': async ({ turnId }) => answering.regenerate(turnId),
    'turns.edit': async ({ turnId, question }) => answering.edit(turnId, question),
    'turns.show': async ({ turnId }) => conversations.show(turnId),
    'turns.select': async ({ turnId }) => conversations.select(turnId),
  } satisfies Partial<Handlers>;
}

function readingHandlers({ desk }: Services) {
  return {
    'readings.state': ({ conversationId }) => desk.readings.state(conversationId),
    'readings.start': async ({ conversationId }) => {
      await desk.readings.start(conversationId);
      return {};
    },
    'readings.cancel': async ({ conversationId }) => {
      desk.readings.cancel(conversationId);
      return {};
    },
    'readings.saved': async () => desk.saved.list(),
    'readings.keep': async ({ readingId, keep }) => {
      await desk.saved.setKeep(readingId, keep);
      return desk.saved.list();
    },
    'readings.remove': async ({ readingId }) => {
      await desk.saved.remove(readingId);
      return desk.saved.list();
    },
  } satisfies Partial<Handlers>;
}

function appHandlers({ options, notice, desk }: Services) {
  return {
    'app.info': async () => ({
      version: options.version,
      shell: options.shell,
      platform: process.platform,
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      dataFolder: options.dataFolder,
      notice,
    }),
    'engine.status': async () => desk.loaded.status,
    'engine.load': async () => {
      await desk.loaded.ensure();
      return desk.loaded.status;
    },
  } satisfies Partial<Handlers>;
}

function settingsHandlers({ desk, events }: Services) {
  const change = async (patch: Partial<Settings>) => {
    desk.settings.write(patch);
    const settings = desk.settings.read();
    events.emit({ type: 'settings', settings });
    await desk.loaded.settingsChanged();
    desk.readings.levelChanged();
    if (patch.readingsBytes !== undefined) await desk.saved.shrink();
    return settings;
  };
  return {
    'settings.get': async () => desk.settings.read(),
    'settings.set': async ({ patch }: { patch: Partial<Settings> }) => {
      if (patch.modelId) await desk.models.choose(patch.modelId);
      return change(patch);
    },
    'models.list': () => desk.models.list(desk.settings.read()),
    'models.add': async ({ path }: { path: string }) => {
      const card = await desk.models.add(path);
      events.emit({ type: 'models' });
      return card;
    },
    'models.remove': async ({ modelId }: { modelId: string }) => {
      desk.models.remove(modelId);
      events.emit({ type: 'models' });
      if (desk.settings.read().modelId === modelId) await change({ modelId: null });
      return {};
    },
  } satisfies Partial<Handlers>;
}

/** An answer under way rests on its documents. */
function refuseWhileRead({ answering, desk }: Services, documentId: string): void {
  const id = answering.conversationId;
  if (!id || !desk.conversations.get(id).documentIds.includes(documentId)) return;
  throw new FailureError(
    'busy',
    'A question about this document is being answered.',
    'Wait until the answer has finished, or stop it.',
  );
}
