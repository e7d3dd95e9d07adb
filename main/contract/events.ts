// What the app tells the window without being asked.
import { z } from 'zod';
import { calibrationRun } from './calibrating.js';
import { importProgress } from './documents.js';
import { evidence, readingState, turn } from './conversations.js';
import { failure } from './failure.js';
import { memoryPlan, modelDownload, modelInfo } from './models.js';
import { settings } from './settings.js';

export const engineStatus = z.discriminatedUnion('state', [
  z.object({ state: z.literal('idle') }), // nothing loaded yet
  z.object({ state: z.literal('loading'), modelId: z.string(), fraction: z.number() }),
  z.object({
    state: z.literal('ready'),
    modelId: z.string(),
    device: z.string(),
    info: modelInfo.omit({ chatTemplate: true }),
    memory: memoryPlan,
    /** What the user should know about how this model is used: "The file has no chat template: ..." */
    note: z.string().optional(),
  }),
  z.object({ state: z.literal('failed'), modelId: z.string().nullable(), failure }),
]);
export type EngineStatus = z.infer<typeof engineStatus>;

export const appEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('engine'), status: engineStatus }),
  z.object({ type: z.literal('settings'), settings }),
  /** The lists on the left changed; ask for them again. */
  z.object({ type: z.literal('library') }),
  z.object({ type: z.literal('models') }),
  z.object({ type: z.literal('downloads'), downloads: z.array(modelDownload) }),
  z.object({ type: z.literal('calibration'), run: calibrationRun }),
  /** The readings on disk changed. */
  z.object({ type: z.literal('readings') }),
  z.object({ type: z.literal('importing'), progress: importProgress }),
  /** `turnId` is set when the reading happens inside a turn. */
  z.object({
    type: z.literal('reading'),
    conversationId: z.string(),
    turnId: z.string().optional(),
    tokensDone: z.number().int(),
    tokensTotal: z.number().int(),
    tokensPerSecond: z.number(),
    etaSeconds: z.number().nullable(), // null until it can be told
  }),
  z.object({ type: z.literal('reading-state'), state: readingState, failure: failure.optional() }),
  z.object({ type: z.literal('turn'), turn }), // state changed: created, done, stopped, failed
  z.object({
    type: z.literal('token'),
    conversationId: z.string(),
    turnId: z.string(),
    text: z.string(),
  }),
  z.object({ type: z.literal('evidence'), turnId: z.string(), evidence: z.array(evidence) }),
]);
export type AppEvent = z.infer<typeof appEvent>;
