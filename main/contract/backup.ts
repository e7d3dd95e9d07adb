// Backups of the whole library: documents with their files, conversations, settings and calibrations.
import { z } from 'zod';

/** What a backup holds, for people. */
export const backupContents = z.object({
  createdAt: z.number().int(),
  /** Version of the Longleaf that made it. */
  app: z.string(),
  documents: z.number().int(),
  conversations: z.number().int(),
  turns: z.number().int(),
  bytes: z.number(), // unpacked
  /** Original files that were gone or damaged when it was made; their text is in it. */
  missing: z.number().int(),
});
export type BackupContents = z.infer<typeof backupContents>;

/** Made, and waiting to be fetched from `backup/<backupId>` of the window's own address. */
export const preparedBackup = backupContents.extend({
  backupId: z.string(),
  fileName: z.string(),
});

/** Checked to the last byte, and waiting to be put in the library's place. */
export const checkedBackup = backupContents.extend({ restoreId: z.string() });
export type CheckedBackup = z.infer<typeof checkedBackup>;
