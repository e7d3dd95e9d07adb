// Measures a loaded model: how far each of its layers moves the tokens, and what the slider's levels cost in
// time and in planted facts. From that follows the model's sparsity profile.
import {
  FailureError,
  type Calibration,
  type MeasuredLevel,
  type Prompt,
  type SparsityLevel,
  type SparsityProfile,
  type TriedLayers,
} from '../contract/index.js';
import { unlessAborted } from './abort.js';
import type { EngineHost, ReadingStep } from './engine-host.js';
import { levelsByBlocks } from './block-levels.js';
import { LookingHeads, type Shape } from './looking-heads.js';
import { plant, plantedFacts, type PlantedFact } from './planted-facts.js';

export interface CalibrationRequest {
  /** At least `tokens` long, or all there is. */
  text: string;
  title: string;
  tokens: number;
  facts: number;
  /** Quantile of drift up to which a layer may be sparse. */
  delta: number;
  /** Where levels, window and budget come from, and layers that are tried beside those by drift and blocks. */
  profile: SparsityProfile;
  style: Prompt['style'];
  device: string;
  shape: Shape;
}

/** A loaded model, as far as a calibration needs it. */
interface Loaded {
  model: { profile: SparsityProfile; style: Prompt['style'] };
  info: Shape;
  device: string;
}

/** `context`: tokens that the model holds; question and answer take theirs of them. */
export function calibrationRequest(
  { model, info: shape, device }: Loaded,
  context: number,
  wanted: Pick<CalibrationRequest, 'text' | 'title' | 'tokens' | 'facts' | 'delta'>,
): CalibrationRequest {
  const { profile, style } = model;
  const tokens = Math.min(wanted.tokens, context - replyTokens);
  return { ...wanted, tokens, profile, style, device, shape };
}

export interface CalibrationListeners {
  onDrift(step: ReadingStep): void;
  onReading(level: number, step: ReadingStep): void;
  onAnswer(level: number, answered: number, facts: number): void;
  onLevel(measured: MeasuredLevel, layers: readonly number[]): void;
  /** How many measurements of a level there will be: the first above 0 is tried in more than one way. */
  onPlan?(measurements: number): void;
}

/** Room for a question and its answer behind the text. */
export const replyTokens = 256;

const longestAnswer = 64;
const greedy = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, seed: 0 };

/** Undefined when cancelled. */
export async function calibrate(
  host: EngineHost,
  request: CalibrationRequest,
  signal: AbortSignal,
  on: CalibrationListeners,
): Promise<SparsityProfile | undefined> {
  const { delta, title, device } = request;
  const profile = { ...request.profile, levels: request.profile.levels.map(withoutLayers) };
  const drifted = await host.drift(
    { text: request.text, mostTokens: request.tokens, delta },
    signal,
    { onReading: (step) => on.onDrift(step) },
  );
  if (drifted.cancelled || signal.aborted) return undefined;
  const facts = plantedFacts(request.facts);
  const document = await unlessAborted(signal, fittingText(host, request, facts));
  if (document === undefined) return undefined;
  const looking = new LookingHeads(request.shape, request.tokens + replyTokens);
  const measure = async (tried: SparsityProfile, at: number) => {
    const { level, tau } = tried.levels[at]!;
    const trial = { tried, document, facts, level, tau, looking };
    const measured = await measureLevel(host, request, trial, signal, on);
    if (measured) on.onLevel(measured, level === 0 ? [] : layersOf(tried, at));
    return measured;
  };
  const ways = waysToTry(drifted.layers, profile, request.shape.layers);
  on.onPlan?.(profile.levels.length - 1 + ways.length);
  const exact = await measure(profile, 0);
  if (!exact) return undefined;
  const tried: TriedLayers[] = [];
  for (const way of ways) {
    const measured = await measure(way, 1);
    if (!measured) return undefined;
    tried.push({ by: way.by, layers: layersOf(way, 1), measured });
  }
  const best = betterLayers(tried);
  const chosen = ways[tried.indexOf(best)]!;
  const all = [exact, best.measured];
  for (let at = 2; at < profile.levels.length; at++) {
    const measured = await measure(chosen, at);
    if (!measured) return undefined;
    all.push(measured);
  }
  const { tokens, drift } = drifted;
  const about = { date: new Date().toISOString(), device, text: title, tokens, drift, delta };
  const { found: heads } = looking;
  const { by: _by, ...found } = chosen;
  return profileOf(found, { ...about, tried, levels: all, heads });
}

/** A profile that may become the model's. */
type Way = SparsityProfile & Pick<TriedLayers, 'by'>;

/**
 * Sets of layers whose heads select tokens, as far as they differ (one without layers only when there is no
 * other), and attention by blocks. Where the first level above exact selects none, all would read alike there.
 */
export function waysToTry(
  byDrift: number[],
  profile: SparsityProfile,
  modelLayers: number,
): [Way, ...Way[]] {
  const ofProfile: Way = { ...profile, by: 'profile' };
  const { tau = 0, keep = 0 } = profile.levels[1] ?? {};
  if (tau === 0 && keep === 0) return [ofProfile];
  const ofDrift: Way = { ...profile, by: 'drift', layers: byDrift };
  const same = JSON.stringify(byDrift) === JSON.stringify(profile.layers);
  const some = (same ? [ofDrift] : [ofDrift, ofProfile]).filter(({ layers }) => layers.length > 0);
  const { layers, levels } = levelsByBlocks(profile, modelLayers);
  const [first = ofDrift, ...others] = some;
  return [
    first,
    ...others,
    ...(layers.length > 0 ? [{ ...profile, by: 'blocks' as const, levels }] : []),
  ];
}

/** Layers that leave something out at the profile's level number `at`, above exact. */
export function layersOf({ layers, levels }: SparsityProfile, at: number): number[] {
  return levels[at]?.blocks?.layers ?? layers;
}

/**
 * Low drift is a sign that a layer bears sparsity, not a proof: what a model looks up in its quiet middle layers
 * is lost there. So layers are chosen by what came back, and among equals by what they leave out.
 */
export function betterLayers(tried: readonly TriedLayers[]): TriedLayers {
  return tried.reduce((best, each) => {
    const more = each.measured.found - best.measured.found;
    const lighter = each.measured.keptFraction < best.measured.keptFraction;
    return more > 0 || (more === 0 && lighter) ? each : best;
  });
}

interface Trial {
  tried: SparsityProfile;
  document: string;
  facts: PlantedFact[];
  level: number;
  tau: number;
  /** Learns from right answers at level 0. */
  looking: LookingHeads;
}

async function measureLevel(
  host: EngineHost,
  { style, title }: CalibrationRequest,
  { tried: profile, document, facts, level, tau, looking }: Trial,
  signal: AbortSignal,
  on: CalibrationListeners,
): Promise<MeasuredLevel | undefined> {
  const prompt: Prompt = promptOf(style, title, document);
  const { cancelled, stats } = await host.read({ prompt, level, profile }, signal, {
    onReading: (step) => on.onReading(level, step),
  });
  if (cancelled) return undefined;
  let found = 0;
  for (const [i, { question, sentence, value }] of facts.entries()) {
    let answer = '';
    const asked = { prompt: { ...prompt, question }, level, profile };
    const start = document.indexOf(sentence);
    const watchPlace = { index: 0, start, end: start + sentence.length };
    const watch = level === 0 ? looking.watch : [];
    const { reason, paid } = await host.ask(
      { ...asked, sampling: greedy, maxTokens: longestAnswer, watch, watchPlace },
      signal,
      { onToken: (text) => (answer += text) },
    );
    if (reason === 'cancelled') return undefined;
    if (answer.includes(value)) {
      found++;
      looking.saw(paid ?? []);
    }
    on.onAnswer(level, i + 1, facts.length);
  }
  const { keptFraction: keptByLayer, seconds: readSeconds } = stats;
  const keptFraction = keptByLayer.reduce((sum, each) => sum + each, 0) / keptByLayer.length;
  return { level, tau, readSeconds, keptFraction, keptByLayer, found, asked: facts.length };
}

const promptOf = (style: Prompt['style'], title: string, text: string): Prompt => ({
  style,
  documents: [{ id: 'calibration', title, text }],
  turns: [],
});

/** A level that takes whatever layers the profile names: they are what calibration chooses. */
function withoutLayers(level: SparsityLevel): SparsityLevel {
  const rest = { ...level };
  delete rest.layers;
  return rest;
}

/** The text's beginning with the facts in it, nearly as long as asked for and no longer. */
async function fittingText(
  host: EngineHost,
  { style, title, text, tokens }: CalibrationRequest,
  facts: readonly PlantedFact[],
): Promise<string> {
  let characters = Math.min(text.length, tokens * 5);
  for (let attempt = 0; attempt < 6; attempt++) {
    const document = plant(text.slice(0, characters), facts);
    const { total } = await host.measure(promptOf(style, title, document));
    if (total <= tokens) return document;
    characters = Math.floor((characters * (tokens - 16)) / total);
  }
  throw new FailureError(
    'bad_request',
    `${facts.length} facts do not fit into a text of ${tokens} tokens.`,
    'Calibrate on a longer text, or with fewer facts.',
  );
}

/** The profile that these measurements speak for. */
export function profileOf(tried: SparsityProfile, calibration: Calibration): SparsityProfile {
  const { date, device, text, tokens, delta } = calibration;
  const by = betterLayers(calibration.tried).by;
  const layers = {
    drift: `layers by drift, delta ${delta}`,
    profile: 'layers as before',
    blocks: 'attention by blocks',
  }[by];
  return {
    ...tried,
    defaultLevel: highestWithoutLoss(calibration.levels),
    provenance:
      `Calibrated ${date.slice(0, 10)} on ${device}, ${tokens} tokens of “${text}”, ` +
      `${calibration.levels[0]?.asked ?? 0} planted facts at each level; ${layers}.`,
    calibration,
  };
}

/** The highest level at which, and below which, less than 1 % of what level 0 found was lost. */
export function highestWithoutLoss(levels: readonly MeasuredLevel[]): number {
  const exact = levels.find(({ level }) => level === 0)?.found ?? 0;
  if (exact === 0) return 0; // nothing to lose, so nothing was measured
  let highest = 0;
  for (const { level, found } of levels) {
    if ((exact - found) / exact >= 0.01) break;
    highest = level;
  }
  return highest;
}
