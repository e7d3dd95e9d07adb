// Every word the window shows, in German. Whoever uses it is not addressed where it can be said without.
import { backup } from './de-backup.js';
import { calibration, forecast, keptPlaces } from './de-calibration.js';
import { chat } from './de-chat.js';
import { exporting } from './de-export.js';
import { failures } from './de-failures.js';
import { fitting } from './de-fitting.js';
import { library } from './de-library.js';
import { readings } from './de-readings.js';
import { settings } from './de-settings.js';
import { count } from '../ui/format.js';
import type { Strings } from './en.js';

export const de: Strings = {
  app: {
    name: 'Longleaf',
    breath:
      'Ein langes Dokument ablegen. Longleaf liest es ganz, hier auf diesem Rechner, und antwortet.',
    home: 'Start',
    skip: 'Zur Unterhaltung springen',
    showLibrary: 'Bibliothek zeigen',
    hideLibrary: 'Bibliothek ausblenden',
    showDocument: 'Dokument zeigen',
    settings: 'Einstellungen',
    shortcuts: 'Tastenkürzel',
    connectionLost: 'Verbindung zu Longleaf unterbrochen. Neuer Versuch …',
    connectionHelp: 'Wurde Longleaf beendet: neu starten und den neuen Link verwenden.',
    notices: 'Meldungen',
    dismiss: 'Ausblenden',
    failed: 'Etwas ist schiefgegangen',
    loadFailed: 'Die Bibliothek konnte nicht geöffnet werden.',
    retry: 'Erneut versuchen',
  },
  welcome: {
    title: 'Ein ganzes Buch befragen',
    points: [
      [
        'Alles wird gelesen',
        'Keine vorab gewählten Auszüge: Das Modell liest den Text von Anfang bis Ende.',
      ],
      [
        'Nichts geschieht still',
        'Zu sehen ist, wie lange es dauert, was hineinpasst und woher eine Antwort kommt.',
      ],
      ['Es bleibt hier', 'Dokumente, Fragen und Antworten verlassen diesen Rechner nie.'],
    ],
    model: 'Das Modell',
    can: 'Was es kann',
    cannot: 'Was es nicht kann',
    addModel: 'Ein eigenes Modell hinzufügen',
    addModelHint: 'Jede GGUF-Datei der Llama-Art.',
    understood: 'Verstanden',
    recent: 'Zuletzt',
    bundled: {
      summary:
        'Ein sehr kleines Modell (28 Millionen Parameter), das zu Longleaf gehört, damit alles sofort und ohne Download geht. Es findet eine klar ausgesprochene Angabe in einem langen Text, oder den Satz mit den gesuchten Wörtern, und zitiert ihn.',
      limits:
        'Es kann weder zusammenfassen noch schließen und beantwortet frei gestellte Fragen öfter falsch als richtig. Klare Angaben findet es in Texten jeder Länge; jenseits von etwa 16.000 Token (rund 40 Buchseiten) entgehen ihm viele Sätze, auf die nur Stichwörter weisen. Für ernsthafte Arbeit ein eigenes Modell als GGUF-Datei hinzufügen.',
    },
  },
  document: {
    label: 'Dokument',
    close: 'Dokument schließen',
    ask: 'Dazu fragen',
    askSelection: 'Dazu fragen',
    contents: 'Inhalt',
    showText: 'Als Text',
    showPages: 'Als Seiten',
    zoom: 'Größe',
    smaller: 'Kleiner',
    larger: 'Größer',
    find: {
      open: 'Im Dokument suchen',
      label: 'Im Dokument suchen',
      at: (n, of, more) => `${count(n)} von ${count(of)}${more ? ' oder mehr' : ''}`,
      none: 'Nicht gefunden',
      previous: 'Vorherige Stelle',
      next: 'Nächste Stelle',
      close: 'Schließen',
    },
    places: 'Stellen',
    placesLabel: { page: 'Seiten', section: 'Abschnitte', lines: 'Teile' },
    goTo: 'Gehe zu',
    loading: 'Der Text wird geholt …',
    failed: 'Der Text konnte nicht geholt werden.',
    empty: 'Hier steht kein Text.',
    warnings: 'Gut zu wissen',
    evidence: 'Worauf Antworten beruhen',
    lookedAt: (label) => `Beachtet, ${label}`,
    evidenceAt: (label) => `Zitierte Stelle, ${label}`,
    quoted: 'In der Antwort zitiert',
    anchorNames: {
      page: (name) => `Seite ${name}`,
      line: (name) => `Zeile ${name}`,
      lines: (name) => `Zeilen ${name}`,
      part: (name) => `Teil ${name}`,
      partOf: (label, part) => `${label} (Teil ${part})`,
      beginning: 'Anfang',
    },
  },
  model: {
    none: 'Kein Modell',
    idle: 'Lädt mit der ersten Frage',
    loading: (fraction) => `Lädt, ${Math.round(fraction * 100)} %`,
    ready: 'Bereit',
    failed: 'Nicht geladen',
    spoken: {
      idle: '',
      loading: 'Das Modell wird geladen',
      ready: 'Das Modell ist bereit',
      failed: 'Das Modell konnte nicht geladen werden',
    },
  },
  shortcuts: {
    title: 'Tastenkürzel',
    close: 'Schließen',
    list: {
      import: 'Dokumente hinzufügen',
      'new-conversation': 'Neue Unterhaltung',
      filter: 'Überall suchen',
      settings: 'Einstellungen',
      document: 'Dokument zeigen oder ausblenden',
      find: 'Im Dokument suchen',
      escape: 'Antwort anhalten, oder Offenes schließen',
      shortcuts: 'Diese Liste',
      ask: 'Fragen',
      newline: 'Neue Zeile in der Frage',
    },
    keys: { control: 'Strg', shift: 'Umschalt' },
  },
  backup,
  forecast,
  keptPlaces,
  library,
  calibration,
  chat,
  export: exporting,
  fitting,
  readings,
  settings,
  failures,
};
