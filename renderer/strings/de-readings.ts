import { bytes, duration, percent, plural } from '../ui/format.js';
import type { Strings } from './en.js';

const tokens = (n: number) => plural(n, { one: 'Token', other: 'Token' });

export const readings: Strings['readings'] = {
  intro:
    'Was gelesen wurde, bleibt auf der Festplatte: So öffnet sich ein Dokument in Sekunden und wird nie zweimal gelesen. Eine Lesung ist so vertraulich wie das Dokument selbst und wird mit ihm gelöscht.',
  used: (used, limit) => `${bytes(used)} von ${bytes(limit)} belegt`,
  off: 'Lesungen werden nicht aufbewahrt: Es ist kein Platz dafür vorgesehen.',
  none: 'Noch keine Lesung gesichert.',
  list: 'Gesicherte Lesungen',
  missing: 'ein gelöschtes Dokument',
  facts: (n, size) => `${tokens(n)}, ${bytes(size)}`,
  saves: (seconds) => `erspart ${duration(seconds)} Lesen`,
  keep: 'Behalten',
  keepLabel: (title) => `Die Lesung von ${title} behalten, auch wenn Platz gebraucht wird`,
  remove: 'Löschen',
  removeLabel: (title) => `Die gesicherte Lesung von ${title} löschen`,
  limit: 'Platz für gesicherte Lesungen, GiB',
  limitHint: 'Ist er voll, geht zuerst, was am längsten nicht gebraucht wurde. 0 behält keine.',
  saved: 'Schon gelesen: Die Lesung liegt auf der Festplatte',
  savedHint: (n) => `${tokens(n)}. Das Öffnen dauert so lange, wie die Festplatte braucht.`,
  open: 'Öffnen',
  restored: (n, opened, read, kept) =>
    `In ${duration(opened)} von der Festplatte geöffnet: ${tokens(n)}, einst gelesen in ${duration(read)}${kept === null ? '' : `, Aufmerksamkeit für ${percent(kept)} davon`}`,
};
