import { bytes, duration, percent, plural } from '../ui/format.js';

const tokens = (n: number) => plural(n, { one: 'token', other: 'tokens' });

export const readings = {
  intro:
    'What was read is kept on disk, so that a document opens within seconds and is never read twice. It is as private as the document itself and goes with it.',
  used: (used: number, limit: number) => `${bytes(used)} of ${bytes(limit)} used`,
  off: 'No readings are kept: there is no room set for them.',
  none: 'No reading has been saved yet.',
  list: 'Saved readings',
  missing: 'a deleted document',
  facts: (n: number, size: number) => `${tokens(n)}, ${bytes(size)}`,
  saves: (seconds: number) => `saves ${duration(seconds)} of reading`,
  keep: 'Keep',
  keepLabel: (title: string) => `Keep the reading of ${title} whatever room is needed`,
  remove: 'Delete',
  removeLabel: (title: string) => `Delete the saved reading of ${title}`,
  limit: 'Room for saved readings, GiB',
  limitHint: 'When it is full, the one unused for longest goes first. 0 keeps none.',
  saved: 'Read before: the reading is on disk',
  savedHint: (n: number) => `${tokens(n)}. Opening it takes as long as the disk needs.`,
  open: 'Open it',
  restored: (n: number, opened: number, read: number, kept: number | null) =>
    `Opened from disk in ${duration(opened)}: ${tokens(n)}, once read in ${duration(read)}${kept === null ? '' : `, attending to ${percent(kept)} of them`}`,
};
