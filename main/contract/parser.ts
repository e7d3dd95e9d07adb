// Between the main process and the document parser process: one process per import, killed when it exceeds
// its limits.
import { z } from 'zod';
import { parsedDocument } from './documents.js';
import { failure } from './failure.js';

export const parseRequest = z.object({
  path: z.string(),
  fileName: z.string(), // as the user knows it
});
export type ParseRequest = z.infer<typeof parseRequest>;

export const parseEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), fraction: z.number() }),
  z.object({ type: z.literal('parsed'), document: parsedDocument }),
  z.object({ type: z.literal('failed'), failure }),
]);
export type ParseEvent = z.infer<typeof parseEvent>;
