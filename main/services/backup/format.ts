// What a backup is: one zip with the library, the original files and the calibrations, and a list of all of it
// with checksums. Models and readings are not in it: the ones lie where they are, the others are made again.
import { z } from 'zod';
import { FailureError } from '../../contract/index.js';

export const manifestName = 'longleaf-backup.json';
export const libraryName = 'library.db';

/** Nothing else may be in a backup; these names lead nowhere but into their own folder. */
export const originalName = /^originals\/([0-9a-f]{64})$/;
export const profileName = /^sparsity\/[\w.-]{1,200}\.json$/;

export const formatVersion = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const manifest = z.object({
  format: z.literal('longleaf-backup'),
  version: z.number().int().positive(),
  /** Of the Longleaf that made it. */
  app: z.string(),
  createdAt: z.number().int(),
  documents: z.number().int(),
  conversations: z.number().int(),
  turns: z.number().int(),
  files: z.array(z.object({ path: z.string(), bytes: z.number().int().nonnegative(), sha256 })),
  /** Of originals that were gone or damaged when it was made; their text is in the library. */
  missing: z.array(sha256),
});
export type Manifest = z.infer<typeof manifest>;

/** Of the list itself: that of a library of 200,000 documents. */
export const maxManifestBytes = 64 * 1024 * 1024;
export const maxProfileBytes = 4 * 1024 * 1024;
export const maxEntries = 250_000;
/** A library of text shrinks to a third; what unpacks to more than this was made to fill the disk. */
export const maxRatio = 200;
/** Stays free on the disk whatever a backup holds. */
export const freeBytes = 256 * 1024 * 1024;

export function refused(why: string, hint?: string): FailureError {
  return new FailureError('storage', `This backup cannot be restored. ${why}`, hint);
}

export const damaged = (what: string) =>
  refused(`${what} Nothing was changed.`, 'Get another copy of it, or choose an older backup.');
