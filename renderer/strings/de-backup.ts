import { bytes, count, date, plural } from '../ui/format.js';
import type { Strings } from './en.js';

type Held = Parameters<Strings['backup']['ask']['holds']>[0];

const holds = ({ documents, conversations, turns, bytes: size }: Held) =>
  [
    plural(documents, { one: 'Dokument', other: 'Dokumente' }),
    plural(conversations, { one: 'Unterhaltung', other: 'Unterhaltungen' }),
    plural(turns, { one: 'Frage', other: 'Fragen' }),
    bytes(size),
  ].join(', ');

export const backup: Strings['backup'] = {
  readings: 'Gesicherte Lesungen',
  title: 'Sicherung',
  explain:
    'Eine Datei mit allen Dokumenten und ihren Originaldateien, allen Unterhaltungen, den Einstellungen und Kalibrierungen. Modelle sind nicht dabei, gesicherte Lesungen auch nicht: Sie entstehen neu.',
  make: 'Sichern …',
  making: 'Die Sicherung wird vorbereitet …',
  made: (fileName, held) => `„${fileName}“ kann gespeichert werden: ${holds(held)}.`,
  missing: (n) =>
    n === 1
      ? 'Eine Originaldatei fehlt oder ist beschädigt. Ihr Text ist in der Sicherung, die Datei nicht.'
      : `${count(n)} Originaldateien fehlen oder sind beschädigt. Ihr Text ist in der Sicherung, die Dateien nicht.`,
  private: 'Wer diese Datei hat, kann alles darin lesen. Sie ist nicht verschlüsselt.',
  restore: 'Wiederherstellen …',
  restoreExplain:
    'Setzt eine Sicherung an die Stelle dieser Bibliothek. Was jetzt hier ist, kommt in einen eigenen Ordner und wird nie gelöscht.',
  checking: 'Die Sicherung wird geprüft …',
  ask: {
    label: 'Die gewählte Sicherung',
    made: (at, app) => `Erstellt am ${date(new Date(at))} mit Longleaf ${app}.`,
    holds,
    replaces:
      'Sie tritt an die Stelle der jetzigen Bibliothek. Was gerade antwortet, liest oder hinzugefügt wird, wird angehalten.',
    yes: 'Wiederherstellen',
    no: 'So lassen',
  },
  restoring: 'Wird wiederhergestellt …',
  done: 'Die Sicherung ist wiederhergestellt.',
  aside: 'Die bisherige Bibliothek liegt hier:',
  show: 'Wiederhergestellte Bibliothek zeigen',
};
