// Between the main process and the engine process. Requests carry an id chosen by main; every event names
// the request it belongs to. Text of documents crosses here and nowhere else.
import { z } from 'zod';
import { failure } from './failure.js';
import { keptPlaces, promptPartKind } from './conversations.js';
import { device, kvType, memoryPlan, modelInfo, sparsityProfile } from './models.js';

export const loadOptions = z.object({
  path: z.string(),
  threads: z.number().int(),
  kvType,
  contextTokens: z.number().int(),
  device: device.optional(),
  vramLimitBytes: z.number().int().min(0).optional(), // most memory of a GPU to take; 0: what is free
  allowQ8Kv: z.boolean().optional(), // 8 bits where kvType does not hold the context
});

/** What goes into the prompt; the engine process renders it with the model's own chat template. */
export const prompt = z.object({
  style: z.enum(['document', 'instructed']),
  documents: z.array(z.object({ id: z.string(), title: z.string(), text: z.string() })),
  turns: z.array(z.object({ question: z.string(), answer: z.string() })),
  /** Absent: only the documents are read. */
  question: z.string().optional(),
});
export type Prompt = z.infer<typeof prompt>;

export const sampling = z.object({
  temperature: z.number(),
  topK: z.number().int(),
  topP: z.number(),
  minP: z.number(),
  repetitionPenalty: z.number(),
  seed: z.number().int(),
});

/** Where the documents' reading may be found on disk. */
export const readingFiles = z.object({
  /** What the caller calls the reading of these documents at this level. */
  name: z.string(),
  /** Files to try, the best first, and what each layer kept when theirs was read. */
  restore: z.array(z.object({ path: z.string(), keptFraction: z.array(z.number()) })),
});
export type ReadingFiles = z.infer<typeof readingFiles>;

const documentPlace = z.object({
  index: z.number().int(),
  start: z.number().int(),
  end: z.number().int(),
});

export const engineRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('load'), id: z.string(), options: loadOptions }),
  z.object({ type: z.literal('inspect'), id: z.string(), path: z.string() }),
  z.object({ type: z.literal('measure'), id: z.string(), prompt }),
  /** The prompt as the model gets it. */
  z.object({ type: z.literal('layOut'), id: z.string(), prompt }),
  z.object({
    type: z.literal('read'),
    id: z.string(),
    reading: readingFiles.optional(),
    prompt,
    level: z.number().int(),
    profile: sparsityProfile,
  }),
  z.object({
    type: z.literal('ask'),
    id: z.string(),
    reading: readingFiles.optional(),
    prompt,
    level: z.number().int(),
    profile: sparsityProfile,
    sampling,
    maxTokens: z.number().int(),
    /** [layer, query head]: heads whose attention tells where the model looked. */
    watch: z.array(z.tuple([z.number().int(), z.number().int()])).optional(),
    /** A place in document `index` of the prompt, UTF-16 code units: each head's attention to it is told instead. */
    watchPlace: documentPlace.optional(),
  }),
  /** Writes the documents' reading to a file, if the session still holds the one of that name. */
  z.object({ type: z.literal('save'), id: z.string(), name: z.string(), path: z.string() }),
  z.object({
    type: z.literal('drift'),
    id: z.string(),
    text: z.string(),
    mostTokens: z.number().int().min(2), // the text is cut there
    delta: z.number().min(0).max(1), // quantile of drift up to which a layer may be sparse
  }),
  z.object({ type: z.literal('cancel'), id: z.string() }), // id of the request to cancel
]);
export type EngineRequest = z.infer<typeof engineRequest>;

export const readStats = z.object({
  promptTokens: z.number().int(),
  reusedTokens: z.number().int(),
  readTokens: z.number().int(),
  seconds: z.number(),
  level: z.number().int(),
  /** One per layer, 1 is dense: the share of tokens among which it attended, or of as much work. */
  keptFraction: z.array(z.number()),
  /** Of documents that were read here and not taken from a file. */
  keptPlaces: keptPlaces.optional(),
  /** Of the reused tokens, those that came from a file. */
  restored: z
    .object({ path: z.string(), tokens: z.number().int(), seconds: z.number() })
    .optional(),
  /** Files that were of no use and never will be. */
  refused: z.array(z.object({ path: z.string(), reason: z.string() })).optional(),
});
export type ReadStats = z.infer<typeof readStats>;

export const engineEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started') }), // the process is up and has the addon
  z.object({ type: z.literal('loading'), id: z.string(), fraction: z.number() }),
  z.object({
    type: z.literal('loaded'),
    id: z.string(),
    info: modelInfo,
    memory: memoryPlan,
    device: z.string(),
    note: z.string().optional(), // for people: how the chat template had to be replaced
  }),
  z.object({ type: z.literal('inspected'), id: z.string(), info: modelInfo }),
  z.object({
    type: z.literal('measured'),
    id: z.string(),
    documents: z.array(z.number().int()), // tokens of each, in the order of the prompt
    history: z.number().int(),
    question: z.number().int(),
    template: z.number().int(),
    total: z.number().int(),
  }),
  z.object({
    type: z.literal('laidOut'),
    id: z.string(),
    parts: z.array(
      z.object({
        kind: promptPartKind,
        text: z.string(),
        tokens: z.number().int(),
        id: z.string().optional(), // of a document
      }),
    ),
  }),
  z.object({
    type: z.literal('reading'),
    id: z.string(),
    tokensDone: z.number().int(),
    tokensTotal: z.number().int(),
    seconds: z.number(),
  }),
  z.object({ type: z.literal('read'), id: z.string(), cancelled: z.boolean(), stats: readStats }),
  z.object({
    type: z.literal('saved'),
    id: z.string(),
    saved: z.boolean(), // false: cancelled, or the session holds another reading by now
    tokens: z.number().int(),
    bytes: z.number(),
    seconds: z.number(),
  }),
  z.object({
    type: z.literal('drifted'),
    id: z.string(),
    cancelled: z.boolean(),
    tokens: z.number().int(),
    seconds: z.number(),
    drift: z.array(z.number()), // of each layer; empty when cancelled, like `layers`
    layers: z.array(z.number().int()), // those that may be sparse
  }),
  z.object({ type: z.literal('token'), id: z.string(), text: z.string() }),
  z.object({
    type: z.literal('answered'),
    id: z.string(),
    reason: z.enum(['stop', 'length', 'cancelled', 'context_full']),
    stats: readStats,
    firstTokenSeconds: z.number(), // since generation began
    answerTokens: z.number().int(),
    answerSeconds: z.number(),
    /** Stretches of document `index` of the prompt, UTF-16 code units; the most looked at first. */
    looked: z.array(documentPlace.extend({ share: z.number() })).optional(),
    /** Of each watched head, the share of its attention that went to the place asked about. */
    paid: z.array(z.number()).optional(),
  }),
  z.object({ type: z.literal('failed'), id: z.string(), failure }),
]);
export type EngineEvent = z.infer<typeof engineEvent>;
