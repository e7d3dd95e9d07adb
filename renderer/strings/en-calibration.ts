// The slider's promises, what was kept where, and calibrating.
import { count, duration, eta, percent } from '../ui/format.js';
import { layerList, rounded } from './numbers.js';

const tokens = (n: number) => `${count(n)} ${n === 1 ? 'token' : 'tokens'}`;
const facts = (n: number) => `${count(n)} ${n === 1 ? 'fact' : 'facts'}`;
const questions = (n: number) => `${count(n)} ${n === 1 ? 'question' : 'questions'}`;
const times = (factor: number) => `× ${factor.toFixed(factor < 9.95 ? 1 : 0)}`;
const between = (low: number, high: number) =>
  `${Math.round(low * 100)} to ${Math.round(high * 100)} %`;

const list = (layers: readonly number[]) => layerList(layers, { to: 'to', and: 'and' });
const layersNamed = (layers: readonly number[]) =>
  layers.length === 1 ? `Layer ${list(layers)}` : `Layers ${list(layers)}`;
const verb = (layers: readonly number[], one: string, many: string) =>
  layers.length === 1 ? one : many;

export const forecast = {
  time: 'Reading',
  kept: 'Kept',
  computed: 'Computed',
  accuracy: 'Accuracy',
  takes: (seconds: number, n: number) => `about ${eta(seconds)} for ${tokens(n)}`,
  atMost: (seconds: number, n: number) =>
    `not more than about ${eta(seconds)} for ${tokens(n)}, as exact reading`,
  unknownTime: 'not known before something was read with this model',
  noText: 'no document to read',
  keepsAll: (n: number | null) => (n === null ? 'every token' : `all ${tokens(n)}`),
  keeps: (share: number, n: number | null, layers: readonly number[]) =>
    `${percent(share)} in ${verb(layers, 'layer', 'layers')} ${list(layers)}` +
    (n === null ? '' : `: about ${count(rounded(share * n))} of ${tokens(n)}`),
  computes: (share: number, layers: readonly number[]) =>
    `${percent(share)} of attention in ${verb(layers, 'layer', 'layers')} ${list(layers)}`,
  notMeasured: 'not yet measured',
  found: (found: number, asked: number, low: number, high: number) =>
    `${count(found)} of ${facts(asked)} came back (${between(low, high)})`,
  exactFound: (found: number) => `exact reading found ${count(found)}`,
  right: (right: number, asked: number, n: number, low: number, high: number) =>
    `${count(right)} of ${questions(asked)} on texts of ${tokens(n)} were answered right (${between(low, high)})`,
  exactRight: (right: number) => `exact reading: ${count(right)}`,
  shipped: 'measured before this model was shipped',
  shippedAt: (level: number) =>
    `measured before this model was shipped, at level ${level}, which leaves out more`,
  measuredAt: (level: number) => `measured at level ${level}, which leaves out more`,
  measure: 'Measure it',
  exactPolicy: 'Every layer reads everything.',
  whole: 'This text is so short that every level reads all of it.',
  selects: (layers: readonly number[], others: number) =>
    `${layersNamed(layers)} ${verb(layers, 'reads', 'read')} only what matters; ` +
    (others === 0
      ? 'no layer reads everything.'
      : others === 1
        ? 'the other one reads everything.'
        : `the other ${others} read everything.`),
  blocks: {
    flex: (layers: readonly number[]) =>
      `${layersNamed(layers)} ${verb(layers, 'looks', 'look')} only into the parts of the text where attention is expected.`,
    stripes: (layers: readonly number[]) =>
      `${layersNamed(layers)} ${verb(layers, 'looks', 'look')} only at the beginning and at what is near.`,
  },
  again: {
    held: 'The documents are read at this level.',
    saved: 'A reading at this level is on disk: it opens without being read again.',
    reread: (n: number) =>
      `At this level the documents, ${tokens(n)}, are read again; answers so far stay.`,
  },
  spoken: {
    time: (seconds: number) => `about ${eta(seconds)}`,
    kept: (share: number) => `${percent(share)} kept`,
    computed: (share: number) => `${percent(share)} of attention computed`,
    facts: (found: number, asked: number) => `${count(found)} of ${facts(asked)}`,
    questions: (right: number, asked: number) => `${count(right)} of ${questions(asked)} right`,
    notMeasured: 'accuracy not yet measured',
  },
};

export const keptPlaces = {
  open: 'Where in the text',
  title: 'Where it looked',
  explain:
    'Layers of the model from top to bottom, the text from left to right. The stronger the colour, the more took part: of the tokens there, or of the later places that looked there. A full row left nothing out.',
  picture: 'Picture of where it looked',
  hint: 'Arrow keys move over the picture, Enter shows the text there.',
  place: (layer: number, through: number, title: string, share: number) =>
    `Layer ${layer}, ${percent(through)} through ${title}: ${percent(share)} took part`,
  layer: 'Layer',
  begins: 'Beginning',
  ends: 'End',
  table: 'As a table',
  part: (from: number, to: number) => `${from}–${to} %`,
};

const ways = {
  drift: 'leaving out tokens, layers by drift',
  profile: 'leaving out tokens, layers as before',
  blocks: 'looking only into parts of the text',
};

export const calibration = {
  title: 'What the levels cost',
  intro:
    'Measures with this model, on this machine, how fast each level reads and how many facts hidden in a text come back. The slider then goes by it.',
  occupies:
    'While it runs, questions and readings wait; afterwards open documents come back from disk or are read again.',
  noModel: 'Choose a model first.',
  source: {
    calibrated: 'The slider goes by a calibration on this machine.',
    shipped: 'The slider goes by what was measured before this model was shipped.',
    paper: 'Not measured for this model: the slider goes by values from research.',
  },
  provenance: 'How it was measured',
  form: {
    text: 'Text',
    textHint: 'What the facts are hidden in.',
    sample: 'Text that Longleaf brings',
    tokens: 'Length, tokens',
    tokensHint: 'Levels differ more the longer the text, and measuring takes longer.',
    facts: 'Facts',
    factsHint: 'Asked for at every level. 20 tell large losses; 100 tell small ones.',
    start: 'Calibrate',
    again: 'Calibrate again',
    busy: 'An answer is on its way. Wait for it, or stop it.',
    offline: 'The connection to Longleaf is lost.',
  },
  running: {
    label: 'Calibrating',
    title: (model: string, text: string, n: number) =>
      `Calibrating ${model} on ${tokens(n)} of ${text}`,
    steps: {
      waiting: 'Waiting for the reading under way',
      loading: 'Loading the model',
      drift: 'Measuring how far each layer moves the text',
      reading: (level: number) => `Reading at level ${level}`,
      asking: (level: number, done: number, total: number) =>
        `Asking at level ${level}: ${count(done)} of ${facts(total)}`,
    },
    eta: (seconds: number | null) => {
      const text = eta(seconds);
      return text === null ? 'working out how long' : `about ${text} left`;
    },
    announce: (fraction: number) => `${percent(fraction)} calibrated`,
    cancel: 'Stop',
    notice: 'Questions and readings wait for it.',
    show: 'Show',
  },
  result: {
    done: 'Measured, and not kept yet. Until you keep it, nothing changes.',
    kept: (date: string) => `Measured on ${date}`,
    about: (device: string, n: number, text: string) => `${device}; ${tokens(n)} of ${text}`,
    keep: 'Keep it',
    discard: 'Throw it away',
    reset: 'Back to the profile before',
    resetHint: 'Deletes this calibration; the slider goes by what came with the model again.',
    curve: 'Accuracy against speed, by level',
    faster: 'Speed, times exact reading',
    accuracy: 'Facts that came back',
    point: (level: number, factor: number, found: number, asked: number) =>
      `Level ${level}: ${times(factor)}, ${count(found)} of ${count(asked)}`,
    table: 'Levels measured',
    heads: {
      level: 'Level',
      time: 'Read in',
      speed: 'Speed',
      kept: 'Kept',
      found: 'Facts',
      interval: '95 % interval',
    },
    duration,
    times,
    percent,
    found: (found: number, asked: number) => `${count(found)} of ${count(asked)}`,
    between,
    starts: (level: number) =>
      `The slider starts at level ${level}: the highest that lost less than 1 % of what exact reading found.`,
    unsteady:
      'A higher level was not faster everywhere: the text is too short for levels to differ, or other programs were busy. A longer text on a quiet machine tells more.',
    nothingFound:
      'Exact reading found none of the facts, so nothing can be said about accuracy. A longer reply or another model may help.',
    drift: 'How far each layer moves the text',
    driftExplain:
      'Layers that move it little are candidates for leaving tokens out; which are chosen is decided by what came back.',
    layer: (layer: number, drift: number, chosen: boolean) =>
      `Layer ${layer}: ${drift.toFixed(3)}${chosen ? ', leaves tokens out' : ''}`,
    chosen: (layers: readonly number[]) =>
      layers.length === 0
        ? 'No layer leaves tokens out.'
        : `${layersNamed(layers)} ${verb(layers, 'leaves', 'leave')} tokens out.`,
    chosenBlocks: (layers: readonly number[]) =>
      `${layersNamed(layers)} ${verb(layers, 'looks', 'look')} only into parts of the text.`,
    tried: (by: keyof typeof ways, layers: readonly number[], found: number, asked: number) =>
      `Tried ${ways[by]}: ` +
      `${layers.length === 0 ? 'no layer' : layersNamed(layers).toLowerCase()}, ${count(found)} of ${count(asked)} came back.`,
  },
};
