// What the user can set. Every field has a default, so an older database opens.
import { z } from 'zod';
import { device, kvType } from './models.js';

export const settings = z.object({
  modelId: z.string().nullable().default(null), // null: the bundled model
  threads: z.number().int().min(0).max(256).default(0), // 0: all cores
  kvType: kvType.default('f16'),
  device: device.default('auto'),
  vramLimitBytes: z.number().int().min(0).default(0), // of a GPU; 0: what is free
  allowQ8Kv: z.boolean().default(false), // 8 bits where kvType does not hold the context
  contextTokens: z.number().int().min(0).default(0), // 0: as much as model and memory allow
  level: z.number().int().min(0).max(100).nullable().default(null), // null: the model's default
  replyTokens: z.number().int().min(16).max(32768).default(512),
  temperature: z.number().min(0).max(5).default(0),
  topK: z.number().int().min(0).default(0),
  topP: z.number().gt(0).max(1).default(1),
  minP: z.number().min(0).max(1).default(0),
  repetitionPenalty: z.number().min(0.5).max(2).default(1),
  seed: z.number().int().min(0).default(0),
  /** Room for readings on disk; 0: none are kept. */
  readingsBytes: z
    .number()
    .int()
    .min(0)
    .default(20 * 1024 ** 3),
  /** Of the window. */
  language: z.enum(['system', 'en', 'de']).default('system'),
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  /** The first-run words about the bundled model were read. */
  welcomed: z.boolean().default(false),
});
export type Settings = z.infer<typeof settings>;

/** Some of the settings. Not `settings.partial()`, which would fill in the defaults of the absent ones. */
export const settingsPatch = z.object(
  Object.fromEntries(
    Object.entries(settings.shape).map(([key, field]) => [key, field.unwrap().optional()]),
  ),
) as unknown as z.ZodType<Partial<Settings>, Partial<Settings>>;

export const defaultSettings: Settings = settings.parse({});
