// A calibration run from the window, and what it may replace.
import { z } from 'zod';
import { measuredLevel } from './calibration.js';
import { failure } from './failure.js';
import { sparsityProfile } from './models.js';

/** What is being done: `done` of `total` tokens, or while asking, facts. */
export const calibrationStep = z.object({
  kind: z.enum(['waiting', 'loading', 'drift', 'reading', 'asking']),
  level: z.number().int().optional(),
  done: z.number(),
  total: z.number(),
});
export type CalibrationStep = z.infer<typeof calibrationStep>;

export const calibrationRun = z.discriminatedUnion('state', [
  /** `failure`: why the last one ended without a result. */
  z.object({ state: z.literal('idle'), failure: failure.optional() }),
  z.object({
    state: z.literal('running'),
    modelTitle: z.string(),
    text: z.string(), // its name, for people
    tokens: z.number().int(),
    facts: z.number().int(),
    step: calibrationStep,
    fraction: z.number().min(0).max(1),
    etaSeconds: z.number().nullable(), // null until it can be told
    levels: z.array(measuredLevel), // so far
  }),
  /** Measured, and neither kept nor thrown away. */
  z.object({ state: z.literal('done'), modelTitle: z.string(), profile: sparsityProfile }),
]);
export type CalibrationRun = z.infer<typeof calibrationRun>;

export const calibrationState = z.object({
  run: calibrationRun,
  /** The chosen model and the profile the slider goes by; null: there is no such model. */
  model: z
    .object({
      title: z.string(),
      layers: z.number().int(),
      source: z.enum(['calibrated', 'shipped', 'paper']),
      profile: sparsityProfile,
      /** Longest text that can be measured with the context the model has, or would be given. */
      mostTokens: z.number().int(),
    })
    .nullable(),
});
export type CalibrationState = z.infer<typeof calibrationState>;

/** On a text that Longleaf brings when there is no document. */
export const calibrationOrder = z.object({
  documentId: z.string().min(1).max(64).nullable(),
  tokens: z.number().int().min(512).max(1_048_576),
  facts: z.number().int().min(1).max(320),
});
export type CalibrationOrder = z.infer<typeof calibrationOrder>;
