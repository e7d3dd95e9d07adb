// What the model gets, or got, part by part: the same prompt that a question sends, laid out by the engine.
import type { SeenPrompt, Turn } from '../contract/index.js';
import type { Desk } from './desk.js';
import { historyOf } from './prompts.js';

/** Of a document, from each end; the rest is in the viewer. */
const shownCharacters = 1200;

export interface SeenQuestion {
  conversationId: string;
  /** A turn of it; else what would be asked now. */
  turnId?: string;
  draft?: string;
}

export async function seenPrompt(desk: Desk, asked: SeenQuestion): Promise<SeenPrompt> {
  const { conversationId, turnId, draft } = asked;
  const turn = turnId === undefined ? undefined : desk.turns.get(turnId);
  const wanted = turn?.stats?.documentIds ?? desk.conversations.get(conversationId).documentIds;
  const documentIds = wanted.filter((id) => desk.library.find(id) !== undefined);
  const path: Turn[] = turn
    ? desk.turns.pathTo(turn.id).slice(0, -1)
    : desk.turns.path(conversationId);
  const ready = await desk.loaded.ensureUnlessFailed();
  const { parts } = await desk.host.layOut({
    style: ready.model.style,
    documents: desk.documents.withText(documentIds),
    turns: historyOf(path),
    question: turn?.question ?? draft ?? '',
  });
  return {
    parts: parts.map(({ id, ...part }) => ({
      ...(id === undefined ? whole(part) : shortened(part)),
      documentId: id,
    })),
    total: parts.reduce((sum, { tokens }) => sum + tokens, 0),
    limit: ready.limit,
    missing: wanted.length - documentIds.length,
  };
}

interface Part {
  kind: SeenPrompt['parts'][number]['kind'];
  text: string;
  tokens: number;
}

const whole = (part: Part) => ({ ...part, omitted: 0, ending: '' });

function shortened(part: Part) {
  const { text } = part;
  const omitted = text.length - 2 * shownCharacters;
  if (omitted <= 0) return whole(part);
  const ending = text.slice(-shownCharacters).toWellFormed();
  return { ...part, text: text.slice(0, shownCharacters).toWellFormed(), omitted, ending };
}
