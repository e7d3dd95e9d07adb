import { count, duration, eta, percent, plural, speed } from '../ui/format.js';
import type { Strings } from './en.js';

const tokens = (n: number) => plural(n, { one: 'Token', other: 'Token' });

export const chat: Strings['chat'] = {
  label: 'Unterhaltung',
  documentsLabel: 'Dokumente dieser Unterhaltung',
  addDocument: 'Dokument hinzufügen',
  addFromLibrary: 'Aus der Bibliothek',
  addFromFile: 'Aus einer Datei …',
  allAdded: 'Alle Dokumente der Bibliothek sind schon hier.',
  moreDocuments: (n) => `${count(n)} weitere`,
  fewerDocuments: 'Weniger',
  removeDocument: (title) => `${title} aus dieser Unterhaltung entfernen`,
  missingDocument: 'Ein gelöschtes Dokument',
  noDocuments: 'Dokument hinzufügen oder irgendwo in diesem Fenster ablegen.',
  showDocument: (title) => `Den Text von ${title} zeigen`,
  start: {
    reading: 'Während Longleaf liest, kann die Frage schon geschrieben werden.',
    ready: 'Alles fragen, was die Dokumente beantworten können.',
    empty: 'Noch kein Dokument in dieser Unterhaltung',
  },
  reading: {
    label: 'Fortschritt der Lesung',
    starting: 'Die Lesung wird vorbereitet …',
    title: (n) => (n === 1 ? 'Das Dokument wird gelesen' : `${count(n)} Dokumente werden gelesen`),
    progress: (done, total) => `${count(done)} von ${tokens(total)}`,
    speed: (rate) => `${speed(rate)} Token/s`,
    eta: (seconds) => {
      const text = eta(seconds);
      return text === null ? 'Dauer wird ermittelt' : `noch etwa ${text}`;
    },
    cancel: 'Abbrechen',
    cancelling: 'Wird angehalten …',
    unread: 'Noch nicht gelesen',
    unreadHint: 'Longleaf liest alles einmal und antwortet dann daraus.',
    unreadNow: 'Derzeit nicht gelesen',
    unreadNowHint: 'Vor der nächsten Antwort werden die Dokumente gelesen.',
    read: 'Jetzt lesen',
    done: (n, seconds, kept) =>
      `Ganz gelesen: ${tokens(n)} in ${duration(seconds)}${kept === null ? '' : `, Aufmerksamkeit für ${percent(kept)} davon`}`,
    announce: (fraction) => `${percent(fraction)} gelesen`,
    failed: 'Lesung abgebrochen',
    details: 'Was jede Schicht behalten hat',
    otherLevel: (level) =>
      `Der Regler steht jetzt auf ${level}. Vor der nächsten Antwort wird neu gelesen.`,
    again: (level) => `Neu lesen mit ${level}`,
  },
  kept: {
    title: 'Behalten je Schicht',
    explain:
      'Der Anteil der Token des Textes, die in jeder Schicht des Modells an der Attention teilnahmen; wo ganze Blöcke von Paaren ausgelassen wurden, der Anteil, der ebenso viel Arbeit gewesen wäre. Ein voller Balken ist genau.',
    layer: 'Schicht',
    share: 'Behalten',
    summary: (layers, mean) =>
      `${layers} Schichten haben im Mittel ${percent(mean)} der Token beachtet`,
    asTable: 'Als Tabelle',
  },
  composer: {
    label: 'Frage',
    placeholder: 'Frage zu den Dokumenten',
    ask: 'Fragen',
    stop: 'Anhalten',
    hint: 'Enter fragt, Umschalt + Enter beginnt eine neue Zeile',
    reasons: {
      empty: 'Erst eine Frage schreiben.',
      answering: 'Eine Antwort ist unterwegs. Für eine andere Frage zuerst anhalten.',
      tooLong: 'Das passt nicht in den Kontext des Modells.',
      noModel: 'Kein Modell ist bereit. In den Einstellungen lässt sich eines wählen.',
      loading: 'Das Modell wird noch geladen.',
      disconnected: 'Die Verbindung zu Longleaf ist unterbrochen.',
    },
  },
  meter: {
    label: 'Kontext',
    of: (total, limit) => `${count(total)} von ${count(limit)} Token`,
    measuring: 'Wird gezählt …',
    unknown: 'Der Kontext wird gezählt, sobald ein Modell geladen ist.',
    details: 'Wie der Kontext genutzt wird',
    explain: 'Alles, was das Modell mit der Frage bekommt. Ein Klick zeigt es.',
    free: 'Frei',
    parts: {
      documents: 'Dokumente',
      history: 'Frühere Fragen und Antworten',
      question: 'Die Frage',
      template: 'Form der Unterhaltung',
      reply: 'Platz für die Antwort',
    },
    over: (n) => `${tokens(n)} zu viel.`,
    remedies: {
      'shorten-question': 'Die Frage kürzen.',
      'new-conversation':
        'Eine neue Unterhaltung beginnen: die früheren Fragen lassen keinen Platz.',
      'shorter-reply': 'In den Einstellungen weniger Platz für die Antwort vorsehen.',
      'remove-documents': 'Wählen, worauf das Modell verzichten soll, oder ihm mehr Platz geben.',
    },
    nothingCut:
      'Longleaf kürzt nie stillschweigend; gefragt werden kann erst, wenn alles hineinpasst.',
  },
  seen: {
    title: 'Was das Modell gesehen hat',
    next: 'Was das Modell sehen wird',
    explain:
      'Die Eingabe in der Reihenfolge, in der das Modell sie liest, bis zum letzten Zeichen. Die Mitte langer Dokumente ist nur hier ausgelassen, nicht dort.',
    loading: 'Die Eingabe wird zusammengestellt …',
    total: (n, limit) => `${tokens(n)} von ${count(limit)}, die das Modell fasst`,
    tokens,
    missing: (n) =>
      n === 1
        ? 'Eines der Dokumente wurde inzwischen gelöscht; es wird nicht gezeigt.'
        : `${count(n)} der Dokumente wurden inzwischen gelöscht; sie werden nicht gezeigt.`,
    omitted: (n) => `… ${count(n)} weitere Zeichen …`,
    whole: 'Dokument zeigen',
    kinds: {
      template: 'Form der Unterhaltung',
      heading: 'Überschrift von Longleaf',
      document: 'Dokument',
      history: 'Früher',
      question: 'Frage',
    },
  },
  level: {
    label: 'Tempo und Genauigkeit der Lesung',
    exact: 'Genau',
    fast: 'Schnell',
    next: 'für die nächste Lesung',
    madeAt: (level) => `Diese Lesung entstand mit ${level}.`,
    unprofiled: 'Für dieses Modell nicht gemessen.',
    bands: {
      exact: 'Genau',
      careful: 'Sorgfältig',
      balanced: 'Ausgewogen',
      quick: 'Zügig',
      fast: 'Schnell',
    },
    means: {
      exact: 'Jedes Token beachtet alle vorangehenden. Am langsamsten, und der Maßstab.',
      careful: 'Lässt das wenige weg, das kaum zählt. Unterschiede sind selten.',
      balanced: 'Bei langen Dokumenten merklich schneller. Nebensächliches kann verloren gehen.',
      quick: 'Viel schneller. Gut für einen Überblick, riskant für einzelne Angaben.',
      fast: 'So schnell es geht. Einzelheiten gehen verloren.',
    },
    value: (level, band) => `${band} (${level})`,
  },
  turn: {
    question: 'Frage',
    answer: 'Antwort',
    answering: 'Antwort unterwegs',
    ready: 'Die Antwort ist fertig.',
    length: (n) => `${count(n)} Wörter.`,
    stopped: 'Angehalten. Was schon geschrieben war, bleibt.',
    stoppedEmpty: 'Vor dem ersten Wort angehalten.',
    cut: 'Die Antwort hat die eingestellte Länge erreicht und ist vielleicht unvollständig.',
    longer: 'Länge ändern',
    empty: 'Das Modell gab keine Antwort.',
    regenerate: 'Noch einmal antworten',
    branch: 'Von hier aus in einer neuen Unterhaltung weiter',
    edit: {
      button: 'Frage ändern',
      label: 'Die Frage, zum Ändern',
      hint: 'Die bisherige Frage bleibt erhalten; zurück geht es jederzeit.',
      ask: 'Stattdessen fragen',
      cancel: 'So lassen',
    },
    copy: 'Kopieren',
    copied: 'Kopiert',
    copyFailed: 'Der Text konnte nicht kopiert werden.',
    previous: 'Frühere Fassung',
    next: 'Spätere Fassung',
    sibling: (index, total) => `Fassung ${index} von ${total}`,
    reference: (n, label) => `Zitat ${n} zeigen, ${label}`,
    references: 'Zitiert aus',
    referencesHint: 'Wort für Wort im Dokument gefunden.',
    looked: 'Beachtet',
    lookedHint:
      'Wohin sich die Aufmerksamkeit des Modells beim Schreiben richtete. Kein Beweis: selbst lesen und urteilen.',
    toEnd: 'Zum Neuesten',
    stats: {
      label: 'Statistik',
      first: (s) => `erstes Wort nach ${duration(s)}`,
      speed: (rate) => `${speed(rate)} Token/s`,
      prompt: (read, reused) =>
        reused > 0
          ? `${count(read)} Token gelesen, ${count(reused)} wiederverwendet`
          : `${tokens(read)} gelesen`,
      kept: (fraction) => `${percent(fraction)} behalten`,
      level: (level) => (level === 0 ? 'genau' : `Stufe ${level}`),
      answer: tokens,
    },
  },
  link: {
    title: 'Diesen Link außerhalb von Longleaf öffnen?',
    body: 'Das Modell hat diese Adresse geschrieben. Longleaf selbst sendet nichts.',
    open: 'Öffnen',
    cancel: 'Abbrechen',
  },
  failure: {
    retry: 'Erneut versuchen',
    settings: 'Einstellungen öffnen',
    documents: 'Dokumente wählen',
    models: 'Modell wählen',
    reload: 'Neu verbinden',
    'new-conversation': 'Neue Unterhaltung',
  },
};
