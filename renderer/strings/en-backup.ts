import { bytes, count, date } from '../ui/format.js';

const some = (n: number, one: string, many: string) => `${count(n)} ${n === 1 ? one : many}`;

interface Held {
  documents: number;
  conversations: number;
  turns: number;
  bytes: number;
}

const holds = ({ documents, conversations, turns, bytes: size }: Held) =>
  [
    some(documents, 'document', 'documents'),
    some(conversations, 'conversation', 'conversations'),
    some(turns, 'question', 'questions'),
    bytes(size),
  ].join(', ');

export const backup = {
  readings: 'Saved readings',
  title: 'Backup',
  explain:
    'One file with all documents and their original files, all conversations, the settings and what was calibrated. Models are not in it, and neither are saved readings: they are made again.',
  make: 'Back up …',
  making: 'Getting the backup ready …',
  made: (fileName: string, held: Held) => `“${fileName}” is ready to be saved: ${holds(held)}.`,
  missing: (n: number) =>
    n === 1
      ? 'One original file is gone or damaged. Its text is in the backup, the file is not.'
      : `${count(n)} original files are gone or damaged. Their text is in the backup, the files are not.`,
  private: 'Whoever has this file can read everything in it. It is not encrypted.',
  restore: 'Restore …',
  restoreExplain:
    'Puts a backup in the place of this library. What is here now is moved into a folder of its own and never deleted.',
  checking: 'Checking the backup …',
  ask: {
    label: 'The backup that was chosen',
    made: (at: number, app: string) => `Made on ${date(new Date(at))} with Longleaf ${app}.`,
    holds,
    replaces:
      'It takes the place of the library you have now. An answer, a reading or an import under way is stopped.',
    yes: 'Restore it',
    no: 'Leave it',
  },
  restoring: 'Restoring …',
  done: 'The backup has been restored.',
  aside: 'The library you had before lies here:',
  show: 'Show the restored library',
};
