// What a user can choose when a conversation is longer than the model can hold. Nothing of it happens by itself.
import { z } from 'zod';
import { labelledRange } from './documents.js';

/** Each choice would do alone, unless it says otherwise; counted by the model's own tokenizer. */
export const fittingChoices = z.object({
  /** Tokens too many; 0: it fits. */
  over: z.number().int(),
  /** Documents to give up, when there are several. */
  documents: z.array(
    z.object({
      documentId: z.string(),
      tokens: z.number().int(), // freed
      enough: z.boolean(), // alone
    }),
  ),
  /** The longest beginning of a document that leaves room for all the rest. */
  ranges: z.array(
    z.object({ documentId: z.string(), range: labelledRange, tokens: z.number().int() }),
  ),
  /** Models in the list that hold it, by their headers and by the tokens of the present one. */
  models: z.array(
    z.object({ modelId: z.string(), title: z.string(), contextTokens: z.number().int() }),
  ),
  /** The context that the settings limit, when model and memory have the room: what they would hold. */
  context: z.number().int().optional(),
  /** About what memory would hold with keys and values in 8 bits, when memory is the limit. */
  q8: z.number().int().optional(),
});
export type FittingChoices = z.infer<typeof fittingChoices>;

/** What a conversation would cost with another part of one of its documents. */
export const rangeUse = z.object({
  range: labelledRange.optional(), // absent: the whole document
  tokens: z.number().int(), // of that part
  total: z.number().int(),
  limit: z.number().int(),
  fits: z.boolean(),
});
export type RangeUse = z.infer<typeof rangeUse>;
