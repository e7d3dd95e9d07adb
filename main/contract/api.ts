// What the window can ask of the app: one entry per method, the schema of its parameters and of its result.
// Both shells validate parameters with these schemas before a service sees them.
import { z } from 'zod';
import { calibrationOrder, calibrationState } from './calibrating.js';
import { checkedBackup, preparedBackup } from './backup.js';
import {
  contextUse,
  conversation,
  conversationSummary,
  readingState,
  savedReadings,
  searchHits,
  seenPrompt,
  turn,
} from './conversations.js';
import { anchor, anchorRange, documentSummary } from './documents.js';
import { engineStatus, type AppEvent } from './events.js';
import { failure, type Failure } from './failure.js';
import { fittingChoices, rangeUse } from './fitting.js';
import { forecast } from './forecast.js';
import { foundModel, modelCard, modelDownload } from './models.js';
import { settings, settingsPatch } from './settings.js';

const nothing = z.object({});
const id = z.string().min(1).max(64);
const conversationId = z.object({ conversationId: id });
const draft = z.string().max(1_000_000);
const question = z.string().min(1).max(1_000_000);

export const api = {
  'app.info': {
    params: nothing,
    result: z.object({
      version: z.string(),
      shell: z.enum(['electron', 'browser']),
      platform: z.string(),
      cores: z.number().int(),
      memoryBytes: z.number(),
      dataFolder: z.string(),
      /** Something that happened at start-up: a damaged library was moved aside. */
      notice: failure.optional(),
    }),
  },
  'engine.status': { params: nothing, result: engineStatus },
  /** Loads the chosen model, again if it had failed. */
  'engine.load': { params: nothing, result: engineStatus },

  'settings.get': { params: nothing, result: settings },
  'settings.set': { params: z.object({ patch: settingsPatch }), result: settings },

  'models.list': { params: nothing, result: z.array(modelCard) },
  /** Electron passes a path; the browser shell lets the user type one (the file is never copied). */
  'models.add': { params: z.object({ path: z.string().min(1) }), result: modelCard },
  'models.remove': { params: z.object({ modelId: id }), result: nothing },
  /** GGUF files in the folders of LM Studio, Ollama, Jan and others that are not on the list. */
  'models.find': { params: nothing, result: z.array(foundModel) },
  /** Begins a download, or goes on with one; progress comes as events, and the model joins the list. */
  'models.download': {
    params: z.object({ url: z.string().min(1).max(4096), sha256: z.string().max(80).optional() }),
    result: modelDownload,
  },
  'models.downloads': { params: nothing, result: z.array(modelDownload) },
  /** Stops a download, keeping what came; takes one that ended off the list. */
  'models.stopDownload': { params: z.object({ downloadId: id }), result: nothing },

  'library.list': {
    params: nothing,
    result: z.object({
      documents: z.array(documentSummary),
      conversations: z.array(conversationSummary),
    }),
  },

  /** In the text of all documents and in all questions and answers. */
  'search.find': { params: z.object({ query: z.string().max(1000) }), result: searchHits },

  /** Path on the app's own machine. The browser shell uploads instead: PUT /upload, same result. */
  'documents.import': {
    params: z.object({ path: z.string().min(1), importId: id }),
    result: documentSummary,
  },
  'documents.cancelImport': { params: z.object({ importId: id }), result: nothing },
  'documents.get': {
    params: z.object({ documentId: id }),
    result: documentSummary.extend({ anchors: z.array(anchor) }),
  },
  /** The text of anchors [from, to). */
  'documents.text': {
    params: z.object({ documentId: id, from: z.number().int(), to: z.number().int() }),
    result: z.array(z.string()),
  },
  /** Where the text holds `query`, without regard to case, accents of quotation marks and line breaks. */
  'documents.find': {
    params: z.object({ documentId: id, query: z.string().min(1).max(1000) }),
    result: z.object({
      places: z.array(z.object({ start: z.number().int(), end: z.number().int() })),
      more: z.boolean(), // there are more than these
    }),
  },
  /** Bytes [start, end) of the original file, base64; at most a megabyte at a time. */
  'documents.original': {
    params: z.object({
      documentId: id,
      start: z.number().int().min(0),
      end: z.number().int().min(0),
    }),
    result: z.object({ base64: z.string() }),
  },
  'documents.remove': { params: z.object({ documentId: id }), result: nothing },

  'conversations.create': {
    params: z.object({ documentIds: z.array(id).max(64) }),
    result: conversation,
  },
  'conversations.get': { params: conversationId, result: conversation },
  'conversations.rename': {
    params: z.object({ conversationId: id, title: z.string().min(1).max(200) }),
    result: nothing,
  },
  'conversations.setDocuments': {
    params: z.object({ conversationId: id, documentIds: z.array(id).max(64) }),
    result: conversation,
  },
  'conversations.remove': { params: conversationId, result: nothing },
  /** A new conversation about the same documents with the same turns: all of them, or those up to a turn. */
  'conversations.duplicate': {
    params: z.object({
      conversationId: id,
      upTo: id.optional(),
      title: z.string().min(1).max(200),
    }),
    result: conversation,
  },
  /** What the model got for a turn, or would get for a draft. */
  'conversations.prompt': {
    params: z.object({
      conversationId: id,
      turnId: id.optional(),
      draft: draft.optional(),
    }),
    result: seenPrompt,
  },
  'conversations.context': {
    params: z.object({ conversationId: id, draft }),
    result: contextUse,
  },
  /** What would make the next question fit, when it does not. */
  'conversations.fitting': {
    params: z.object({ conversationId: id, draft }),
    result: fittingChoices,
  },
  /** What it would cost with only these anchors of a document (null: with all of it). Changes nothing. */
  'conversations.measureRange': {
    params: z.object({
      conversationId: id,
      documentId: id,
      range: anchorRange.nullable(),
      draft,
    }),
    result: rangeUse,
  },
  /** From now on only these anchors of a document are in the prompt; null: all of it. */
  'conversations.setRange': {
    params: z.object({ conversationId: id, documentId: id, range: anchorRange.nullable() }),
    result: conversation,
  },

  /** What each position of the slider would do, to a conversation's documents or to no text in particular. */
  'levels.forecast': {
    params: z.object({ conversationId: id.optional() }),
    result: forecast,
  },

  'calibration.state': { params: nothing, result: calibrationState },
  /** Refused while an answer runs; a reading is waited for. Progress and outcome come as events. */
  'calibration.start': { params: calibrationOrder, result: nothing },
  'calibration.cancel': { params: nothing, result: nothing },
  /** Makes what was measured the model's profile. */
  'calibration.keep': { params: nothing, result: calibrationState },
  'calibration.discard': { params: nothing, result: calibrationState },
  /** Back to the profile that came with the model, or the paper's. */
  'calibration.reset': { params: nothing, result: calibrationState },

  /** A copy of the whole library, to be fetched: GET /backup/<backupId>. One at a time. */
  'backup.prepare': { params: nothing, result: preparedBackup },
  /** Path on the app's own machine. The browser shell uploads instead: PUT /restore, same result. */
  'backup.check': { params: z.object({ path: z.string().min(1) }), result: checkedBackup },
  'backup.forget': { params: z.object({ restoreId: id }), result: nothing },
  /** Puts a checked backup in the library's place; the present library is moved to `aside`. The window starts anew. */
  'backup.restore': {
    params: z.object({ restoreId: id }),
    result: z.object({ aside: z.string() }),
  },

  'readings.state': { params: conversationId, result: readingState },
  /** Starts reading the conversation's documents; progress and outcome come as events. */
  'readings.start': { params: conversationId, result: nothing },
  'readings.cancel': { params: conversationId, result: nothing },

  /** The readings on disk. */
  'readings.saved': { params: nothing, result: savedReadings },
  'readings.keep': {
    params: z.object({ readingId: id, keep: z.boolean() }),
    result: savedReadings,
  },
  'readings.remove': { params: z.object({ readingId: id }), result: savedReadings },

  /** Creates the turn and answers it; text comes as events. */
  'turns.ask': { params: z.object({ conversationId: id, question }), result: turn },
  'turns.stop': { params: z.object({ turnId: id }), result: nothing },
  /** A sibling of the turn with the same question. */
  'turns.regenerate': { params: z.object({ turnId: id }), result: turn },
  /** A sibling of the turn with another question. */
  'turns.edit': { params: z.object({ turnId: id, question }), result: turn },
  /** Puts the branch that leads to a turn on screen. */
  'turns.show': { params: z.object({ turnId: id }), result: conversation },
  /** Puts another sibling (and what followed it) on screen. */
  'turns.select': { params: z.object({ turnId: id }), result: conversation },
} as const;

export type Api = typeof api;
export type Method = keyof Api;
export type Params<M extends Method> = z.input<Api[M]['params']>;
export type Result<M extends Method> = z.output<Api[M]['result']>;

/** What Longleaf needs of a browser's File; the contract itself knows no DOM. */
export interface LocalFile {
  readonly name: string;
  readonly size: number;
}

/** The one object the renderer talks to. `call` rejects with an Error that carries `failure`. */
export interface Bridge {
  readonly shell: 'electron' | 'browser';
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  onEvent(listener: (event: AppEvent) => void): () => void;
  /** Connection to the app: false while it is lost. */
  onConnection(listener: (connected: boolean) => void): () => void;
  /** Imports a dropped or picked file: by path in Electron, by upload in a browser. */
  importFile(file: LocalFile, importId: string): Promise<Result<'documents.import'>>;
  /** Checks a picked backup: by path in Electron, by upload in a browser. */
  checkBackup(file: LocalFile): Promise<Result<'backup.check'>>;
  /** The path of a dropped or picked file; null in a browser, which does not tell. */
  pathOf(file: LocalFile): string | null;
}

/** One message each way over WebSocket or MessagePort. */
export type ClientMessage = { id: number; method: Method; params: unknown };
export type ServerMessage =
  { id: number; result: unknown } | { id: number; failure: Failure } | { event: AppEvent };

export const clientMessage = z.object({
  id: z.number().int(),
  method: z.enum(Object.keys(api) as [Method, ...Method[]]),
  params: z.unknown(),
});
