// What each position of the slider would do to a conversation's documents, as far as that is known here.
import { z } from 'zod';
import { blockPolicy } from './models.js';

export const levelForecast = z.object({
  level: z.number().int().min(0).max(100),
  /** Layers (0-based) whose heads choose tokens. */
  layers: z.array(z.number().int().nonnegative()),
  blocks: blockPolicy.pick({ pattern: true, layers: true }).optional(),
  /** True: a text this short is read whole at this level, too. */
  whole: z.boolean(),
  /** Share of the tokens that a head of `layers` keeps, on average; null: not measured yet. */
  kept: z.number().min(0).max(1).nullable(),
  /**
   * Of the causal pairs of a query and a key, the share that the layers of `layers` and `blocks` compute, on
   * average; null: not known.
   */
  computed: z.number().min(0).max(1).nullable(),
  /** Of reading the documents; null: not known. */
  seconds: z.number().nonnegative().nullable(),
  /** Planted facts that came back, or questions answered right, at the measured level nearest above; null: not measured. */
  facts: z
    .object({
      level: z.number().int(),
      found: z.number().int(),
      asked: z.number().int(),
      exact: z.number().int(), // that reading everything found
      /** Not measured here but before the model was shipped, by questions on texts of so many tokens. */
      shipped: z.object({ tokens: z.number().int().positive() }).optional(),
    })
    .nullable(),
});
export type LevelForecast = z.infer<typeof levelForecast>;

export const forecast = z.object({
  /** Of the documents; null: there are none, or they were not counted yet. */
  tokens: z.number().int().nullable(),
  /** Of the model. */
  modelLayers: z.number().int(),
  /** Levels that the documents have been read at: the one the engine holds, and those on disk. */
  held: z.number().int().nullable(),
  saved: z.array(z.number().int()),
  /** One for each level, 0 to 100. */
  levels: z.array(levelForecast),
});
export type Forecast = z.infer<typeof forecast>;
