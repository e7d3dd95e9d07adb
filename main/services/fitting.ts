// What would make a conversation fit that is longer than the model holds: the choices a user has, each counted
// before it is offered. Nothing here changes anything.
import {
  FailureError,
  type AnchorRange,
  type ContextUse,
  type FittingChoices,
} from '../contract/index.js';
import type { Question } from './context.js';
import type { Desk } from './desk.js';
import type { Excerpt } from './excerpts.js';
import type { DocumentStore } from './library/documents.js';
import type { ReadyEngine } from './loaded-engine.js';
import { q8ContextOf } from './model-memory.js';

export interface NextQuestion {
  ready: ReadyEngine;
  asked: Question;
}

/** A beginning shorter than this is not worth a conversation. */
const leastTokens = 64;
/** Tries to end a suggestion exactly; counts of single anchors are only nearly those of the whole. */
const mostTries = 12;

export async function fittingChoices(
  desk: Desk,
  { ready, asked }: NextQuestion,
): Promise<FittingChoices> {
  const use = await desk.context.measure(ready, asked);
  const over = use.total - use.limit;
  if (over <= 0) return { over: 0, documents: [], ranges: [], models: [] };
  const several = use.documents.length > 1;
  const ranges: FittingChoices['ranges'] = [];
  for (const excerpt of asked.excerpts) {
    const suggested = await suggestRange(desk, { ready, asked }, use, excerpt);
    if (suggested) ranges.push(suggested);
  }
  return {
    over,
    documents: several
      ? use.documents.map((each) => ({ ...each, enough: each.tokens >= over }))
      : [],
    ranges,
    models: await roomierModels(desk, use),
    ...roomHere(desk, ready, use),
  };
}

/** Undefined: no beginning of the document leaves room for the rest. */
async function suggestRange(
  desk: Desk,
  { ready, asked }: NextQuestion,
  use: ContextUse,
  { documentId, range: chosen }: Excerpt,
): Promise<FittingChoices['ranges'][number] | undefined> {
  const now = use.documents.find((each) => each.documentId === documentId)?.tokens ?? 0;
  if (now - (use.total - use.limit) < leastTokens) return undefined;
  const counts = await desk.context.countAnchors(ready, documentId);
  const from = chosen?.from ?? 0;
  let room = now - (use.total - use.limit);
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const to = fill(counts, { from, to: chosen?.to ?? counts.length }, room);
    if (to <= from) return undefined;
    const range = { from, to };
    const excerpts = withRange(asked.excerpts, { documentId, range });
    const tried = await desk.context.measure(ready, { ...asked, excerpts });
    const tokens = tried.documents.find((each) => each.documentId === documentId)?.tokens ?? 0;
    if (tried.fits) {
      if (tokens < leastTokens) return undefined;
      return { documentId, range: desk.library.labelled(documentId, range), tokens };
    }
    room -= Math.max(1, tried.total - tried.limit);
  }
  return undefined;
}

/** The end of the longest run of anchors from `from` on that hold no more than `room` tokens together. */
function fill(counts: readonly number[], { from, to }: AnchorRange, room: number): number {
  let sum = 0;
  for (let at = from; at < to; at++) {
    sum += counts[at] ?? 0;
    if (sum > room) return at;
  }
  return to;
}

async function roomierModels(desk: Desk, use: ContextUse): Promise<FittingChoices['models']> {
  const settings = desk.settings.read();
  // A limit that the user set holds for every model.
  if (settings.contextTokens > 0 && settings.contextTokens < use.total) return [];
  const current = (await desk.models.choose(settings.modelId)).card.id;
  const cards = await desk.models.list({ ...settings, contextTokens: use.total });
  return cards
    .filter(({ id, failure, replaced }) => id !== current && !failure && !replaced)
    .filter(({ info, memory }) => info && info.contextLength >= use.total && memory?.fits)
    .map(({ id, title, info }) => ({
      modelId: id,
      title,
      contextTokens: info?.contextLength ?? 0,
    }));
}

/** What this very model would hold without the limit the settings set, or with smaller keys and values. */
function roomHere(
  desk: Desk,
  { info }: ReadyEngine,
  use: ContextUse,
): Pick<FittingChoices, 'context' | 'q8'> {
  const { status } = desk.loaded;
  if (status.state !== 'ready') return {};
  const { contextTokens, allowQ8Kv } = desk.settings.read();
  const { largestContextTokens } = status.memory;
  if (contextTokens > 0) {
    return largestContextTokens >= use.total ? { context: largestContextTokens } : {};
  }
  const q8 = allowQ8Kv ? 0 : q8ContextOf(info, status.memory);
  return q8 >= use.total ? { q8 } : {};
}

/** The same excerpts, with another stretch of one document. */
export function withRange(excerpts: readonly Excerpt[], changed: Excerpt): Excerpt[] {
  return excerpts.map((each) => (each.documentId === changed.documentId ? changed : each));
}

/** Null: all of the document. Throws bad_request for a range that is none of it, or that holds no text. */
export function checkedRange(
  library: DocumentStore,
  documentId: string,
  range: AnchorRange | null,
): AnchorRange | null {
  const { anchorCount } = library.get(documentId);
  if (!range) return null;
  if (range.to <= range.from) {
    throw new FailureError('bad_request', 'The part ends before it begins.', 'Swap its ends.');
  }
  if (range.to > anchorCount) {
    throw new FailureError(
      'bad_request',
      'The document is not that long.',
      'Choose an earlier end.',
    );
  }
  const text = library.passages(documentId, range.from, range.to);
  if (text.every((each) => each.trim() === '')) {
    throw new FailureError('bad_request', 'There is no text in this part.', 'Choose a longer one.');
  }
  return range.from === 0 && range.to === anchorCount ? null : range;
}
