// What the slider promises, what was kept where, and calibrating.
import { count, decimal, duration, eta, percent, plural } from '../ui/format.js';
import type { Strings } from './en.js';
import { layerList, rounded } from './numbers.js';

const tokens = (n: number) => plural(n, { one: 'Token', other: 'Token' });
const facts = (n: number) => plural(n, { one: 'Angabe', other: 'Angaben' });
const questions = (n: number) => plural(n, { one: 'Frage', other: 'Fragen' });
const times = (factor: number) => `× ${decimal(factor, factor < 9.95 ? 1 : 0)}`;
const between = (low: number, high: number) =>
  `${Math.round(low * 100)} bis ${Math.round(high * 100)} %`;

const list = (layers: readonly number[]) => layerList(layers, { to: 'bis', and: 'und' });
const layersNamed = (layers: readonly number[]) =>
  layers.length === 1 ? `Schicht ${list(layers)}` : `Die Schichten ${list(layers)}`;
const verb = (layers: readonly number[], one: string, many: string) =>
  layers.length === 1 ? one : many;

export const forecast: Strings['forecast'] = {
  time: 'Lesung',
  kept: 'Behalten',
  computed: 'Berechnet',
  accuracy: 'Genauigkeit',
  takes: (seconds, n) => `etwa ${eta(seconds)} für ${tokens(n)}`,
  atMost: (seconds, n) => `höchstens etwa ${eta(seconds)} für ${tokens(n)}, wie beim genauen Lesen`,
  unknownTime: 'erst bekannt, wenn mit diesem Modell gelesen wurde',
  noText: 'kein Dokument zu lesen',
  keepsAll: (n) => (n === null ? 'jedes Token' : `alle ${tokens(n)}`),
  keeps: (share, n, layers) =>
    `${percent(share)} in ${verb(layers, 'Schicht', 'den Schichten')} ${list(layers)}` +
    (n === null ? '' : `: etwa ${count(rounded(share * n))} von ${tokens(n)}`),
  computes: (share, layers) =>
    `${percent(share)} der Attention in ${verb(layers, 'Schicht', 'den Schichten')} ${list(layers)}`,
  notMeasured: 'noch nicht gemessen',
  found: (found, asked, low, high) =>
    `${count(found)} von ${facts(asked)} kamen wieder (${between(low, high)})`,
  exactFound: (found) => `genaues Lesen fand ${count(found)}`,
  right: (right, asked, n, low, high) =>
    `${count(right)} von ${questions(asked)} zu Texten von ${tokens(n)} wurden richtig beantwortet (${between(low, high)})`,
  exactRight: (right) => `genaues Lesen: ${count(right)}`,
  shipped: 'gemessen, bevor dieses Modell ausgeliefert wurde',
  shippedAt: (level) =>
    `gemessen, bevor dieses Modell ausgeliefert wurde, auf Stufe ${level}, die mehr weglässt`,
  measuredAt: (level) => `gemessen auf Stufe ${level}, die mehr weglässt`,
  measure: 'Messen',
  exactPolicy: 'Jede Schicht liest alles.',
  whole: 'Dieser Text ist so kurz, dass jede Stufe ihn ganz liest.',
  selects: (layers, others) =>
    `${layersNamed(layers)} ${verb(layers, 'liest', 'lesen')} nur, worauf es ankommt; ` +
    (others === 0
      ? 'keine Schicht liest alles.'
      : others === 1
        ? 'die andere liest alles.'
        : `die anderen ${others} lesen alles.`),
  blocks: {
    flex: (layers) =>
      `${layersNamed(layers)} ${verb(layers, 'sieht', 'sehen')} nur in die Teile des Textes, in denen Attention zu erwarten ist.`,
    stripes: (layers) =>
      `${layersNamed(layers)} ${verb(layers, 'sieht', 'sehen')} nur den Anfang und das Nahe.`,
  },
  again: {
    held: 'Auf dieser Stufe sind die Dokumente gelesen.',
    saved:
      'Eine Lesung auf dieser Stufe liegt auf der Festplatte: Sie öffnet sich, ohne dass neu gelesen wird.',
    reread: (n) =>
      `Auf dieser Stufe werden die Dokumente, ${tokens(n)}, neu gelesen; bisherige Antworten bleiben.`,
  },
  spoken: {
    time: (seconds) => `etwa ${eta(seconds)}`,
    kept: (share) => `${percent(share)} behalten`,
    computed: (share) => `${percent(share)} der Attention berechnet`,
    facts: (found, asked) => `${count(found)} von ${facts(asked)}`,
    questions: (right, asked) => `${count(right)} von ${questions(asked)} richtig`,
    notMeasured: 'Genauigkeit noch nicht gemessen',
  },
};

export const keptPlaces: Strings['keptPlaces'] = {
  open: 'Wo im Text',
  title: 'Wohin es gesehen hat',
  explain:
    'Von oben nach unten die Schichten des Modells, von links nach rechts der Text. Je kräftiger die Farbe, desto mehr nahm teil: von den Token dort, oder von den späteren Stellen, die dorthin gesehen haben. Eine volle Zeile hat nichts ausgelassen.',
  picture: 'Bild dessen, wohin es gesehen hat',
  hint: 'Pfeiltasten gehen über das Bild, Enter zeigt den Text der Stelle.',
  place: (layer, through, title, share) =>
    `Schicht ${layer}, bei ${percent(through)} von ${title}: ${percent(share)} beteiligt`,
  layer: 'Schicht',
  begins: 'Anfang',
  ends: 'Ende',
  table: 'Als Tabelle',
  part: (from, to) => `${from}–${to} %`,
};

const ways = {
  drift: 'Token wegzulassen, Schichten nach Bewegung',
  profile: 'Token wegzulassen, Schichten wie zuvor',
  blocks: 'nur in Teile des Textes zu sehen',
};

export const calibration: Strings['calibration'] = {
  title: 'Was die Stufen kosten',
  intro:
    'Misst mit diesem Modell auf diesem Rechner, wie schnell jede Stufe liest und wie viele in einem Text versteckte Angaben wiederkommen. Danach richtet sich der Regler.',
  occupies:
    'Solange das läuft, warten Fragen und Lesungen; danach kommen offene Dokumente von der Festplatte oder werden neu gelesen.',
  noModel: 'Zuerst ein Modell wählen.',
  source: {
    calibrated: 'Der Regler richtet sich nach einer Kalibrierung auf diesem Rechner.',
    shipped: 'Der Regler richtet sich nach Messungen, die dem Modell beiliegen.',
    paper: 'Für dieses Modell nicht gemessen: Der Regler richtet sich nach Werten der Forschung.',
  },
  provenance: 'Wie gemessen wurde',
  form: {
    text: 'Text',
    textHint: 'Worin die Angaben versteckt werden.',
    sample: 'Text, den Longleaf mitbringt',
    tokens: 'Länge, Token',
    tokensHint: 'Je länger der Text, desto verschiedener die Stufen und desto länger die Messung.',
    facts: 'Angaben',
    factsHint: 'Auf jeder Stufe gefragt. 20 zeigen große Verluste, 100 auch kleine.',
    start: 'Kalibrieren',
    again: 'Noch einmal kalibrieren',
    busy: 'Eine Antwort ist unterwegs. Sie abwarten oder anhalten.',
    offline: 'Die Verbindung zu Longleaf ist unterbrochen.',
  },
  running: {
    label: 'Kalibrierung',
    title: (model, text, n) => `${model} wird kalibriert, mit ${tokens(n)} von ${text}`,
    steps: {
      waiting: 'Wartet auf die laufende Lesung',
      loading: 'Das Modell wird geladen',
      drift: 'Misst, wie weit jede Schicht den Text bewegt',
      reading: (level) => `Liest auf Stufe ${level}`,
      asking: (level, done, total) =>
        `Fragt auf Stufe ${level}: ${count(done)} von ${facts(total)}`,
    },
    eta: (seconds) => {
      const text = eta(seconds);
      return text === null ? 'Dauer wird ermittelt' : `noch etwa ${text}`;
    },
    announce: (fraction) => `${percent(fraction)} kalibriert`,
    cancel: 'Anhalten',
    notice: 'Fragen und Lesungen warten darauf.',
    show: 'Zeigen',
  },
  result: {
    done: 'Gemessen, aber noch nicht übernommen. Bis dahin ändert sich nichts.',
    kept: (date) => `Gemessen am ${date}`,
    about: (device, n, text) => `${device}; ${tokens(n)} von ${text}`,
    keep: 'Übernehmen',
    discard: 'Verwerfen',
    reset: 'Zurück zu den Werten davor',
    resetHint:
      'Löscht diese Kalibrierung; der Regler richtet sich wieder nach dem, was mit dem Modell kam.',
    curve: 'Genauigkeit gegen Tempo, je Stufe',
    faster: 'Tempo, Vielfaches des genauen Lesens',
    accuracy: 'Angaben, die wiederkamen',
    point: (level, factor, found, asked) =>
      `Stufe ${level}: ${times(factor)}, ${count(found)} von ${count(asked)}`,
    table: 'Gemessene Stufen',
    heads: {
      level: 'Stufe',
      time: 'Gelesen in',
      speed: 'Tempo',
      kept: 'Behalten',
      found: 'Angaben',
      interval: '95-%-Bereich',
    },
    duration,
    times,
    percent,
    found: (found, asked) => `${count(found)} von ${count(asked)}`,
    between,
    starts: (level) =>
      `Der Regler beginnt auf Stufe ${level}: der höchsten, die weniger als 1 % dessen verlor, was genaues Lesen fand.`,
    unsteady:
      'Eine höhere Stufe war nicht überall schneller: Der Text ist zu kurz, oder andere Programme waren beschäftigt. Ein längerer Text auf einem ruhigen Rechner sagt mehr.',
    nothingFound:
      'Genaues Lesen fand keine der Angaben; über die Genauigkeit lässt sich nichts sagen. Mehr Platz für die Antwort oder ein anderes Modell kann helfen.',
    drift: 'Wie weit jede Schicht den Text bewegt',
    driftExplain:
      'Schichten, die ihn wenig bewegen, können am ehesten Token weglassen; welche es werden, entscheidet, was wiederkam.',
    layer: (layer, drift, chosen) =>
      `Schicht ${layer}: ${decimal(drift, 3)}${chosen ? ', lässt Token weg' : ''}`,
    chosen: (layers) =>
      layers.length === 0
        ? 'Keine Schicht lässt Token weg.'
        : `${layersNamed(layers)} ${verb(layers, 'lässt', 'lassen')} Token weg.`,
    chosenBlocks: (layers) =>
      `${layersNamed(layers)} ${verb(layers, 'sieht', 'sehen')} nur in Teile des Textes.`,
    tried: (by, layers, found, asked) =>
      `Versucht, ${ways[by]}: ` +
      `${layers.length === 0 ? 'keine Schicht' : `${verb(layers, 'Schicht', 'Schichten')} ${list(layers)}`}, ${count(found)} von ${count(asked)} kamen wieder.`,
  },
};
