import { count, plural } from '../ui/format.js';
import type { Strings } from './en.js';

const tokens = (n: number) => plural(n, { one: 'Token', other: 'Token' });

/** What a document is counted in: its anchors. */
const units = {
  page: { one: 'Seite', other: 'Seiten' },
  section: { one: 'Abschnitt', other: 'Abschnitte' },
  lines: { one: 'Teil', other: 'Teile' },
};

export const fitting: Strings['fitting'] = {
  pages: (first, last, of) =>
    first === last ? `Seite ${first} von ${count(of)}` : `Seiten ${first}–${last} von ${count(of)}`,
  stretch: (first, last) => (first === last ? first : `${first} bis ${last}`),
  about: 'Dazu',
  panel: {
    label: 'Womit es passen würde',
    counting: 'Was passen würde, wird gezählt …',
    nothing: 'Nichts davon genügt allein: Es braucht mehr als einen Verzicht.',
    tokens,
    useFirst: (n, of, unit) =>
      `Nur den Anfang verwenden: ${count(n)} von ${plural(of, units[unit])}`,
    useRange: (name) => `${name} verwenden`,
    keeps: (n) => `${tokens(n)} davon`,
    choose: {
      page: 'Seiten wählen …',
      section: 'Abschnitte wählen …',
      lines: 'Teile wählen …',
    },
    leaveOut: 'Weglassen',
    frees: (n, enough) => `schafft Platz für ${tokens(n)}${enough ? '' : ', allein nicht genug'}`,
    model: (title) => `${title} verwenden`,
    modelHint: (n) => `ein anderes Modell der Liste, das ${tokens(n)} fasst`,
    context: 'Den ganzen Kontext nutzen, für den Platz ist',
    contextHint: (n) => `die Einstellungen halten ihn klein; ${tokens(n)} würden passen`,
    q8: 'Die Lesung in 8 Bit halten',
    q8Hint: (n) => `dann passen etwa ${tokens(n)}; Antworten können ein wenig anders ausfallen`,
    fresh: 'Eine neue Unterhaltung beginnen',
    freshHint: (n) =>
      `über dieselben Dokumente; frühere Fragen und Antworten machen Platz für ${tokens(n)}`,
    reply: (n) => `Platz für eine Antwort von ${tokens(n)} vorsehen`,
    replyHint: (n) => `schafft Platz für ${tokens(n)}; längere Antworten enden dann vorzeitig`,
    done: (what) => `Erledigt: ${what}`,
  },
  dialog: {
    open: {
      page: (title) => `Wählen, welche Seiten von ${title} verwendet werden`,
      section: (title) => `Wählen, welche Abschnitte von ${title} verwendet werden`,
      lines: (title) => `Wählen, welche Teile von ${title} verwendet werden`,
    },
    title: { page: 'Welche Seiten?', section: 'Welche Abschnitte?', lines: 'Welche Teile?' },
    explain:
      'Nur was hier gewählt ist, bekommt das Modell, in dieser Unterhaltung. Das Dokument selbst bleibt ganz, und die Wahl lässt sich jederzeit ändern.',
    from: { page: 'Von Seite', section: 'Von', lines: 'Von' },
    to: { page: 'Bis Seite', section: 'Bis', lines: 'Bis' },
    first: (n, unit) => `So viel vom Anfang, wie passt: ${plural(n, units[unit])}`,
    whole: 'Das ganze Dokument',
    use: 'Diesen Teil verwenden',
    useWhole: 'Das ganze Dokument verwenden',
    cancel: 'So lassen',
    counting: 'Wird gezählt …',
    cost: tokens,
    fits: (total, limit) => `Es passt: ${count(total)} von ${tokens(limit)}, mit allem anderen.`,
    over: (n) => `Noch ${tokens(n)} zu viel.`,
    problems: {
      empty: 'Angeben, wo der Teil beginnt und wo er endet.',
      unknown: (page, first, last) =>
        `Eine Seite ${page} gibt es nicht: Sie gehen von ${first} bis ${last}.`,
      reversed: 'Der Teil endet, bevor er beginnt.',
    },
  },
};
