// What the model gets, or got, part by part: the same prompt that a question sends, laid out by the engine.
import type { DocumentRanges, SeenPrompt, Turn } from '../contract/index.js';
import type { Desk } from './desk.js';
import { excerptsOf } from './excerpts.js';
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
  const { documentIds: wanted, ranges } = subjectOf(desk, conversationId, turn);
  const documentIds = wanted.filter((id) => desk.library.find(id) !== undefined);
  const path: Turn[] = turn
    ? desk.turns.pathTo(turn.id).slice(0, -1)
    : desk.turns.path(conversationId);
  const ready = await desk.loaded.ensureUnlessFailed();
  const { parts } = await desk.host.layOut({
    style: ready.model.style,
    documents: desk.documents.withText(excerptsOf({ documentIds, ranges })),
    turns: historyOf(path),
    question: turn?.question ?? draft ?? '',
  });
  return {
    parts: parts.map(({ id, ...part }) => ({
      ...(id === undefined ? whole(part) : shortened(part)),
      documentId: id,
      range: id === undefined ? undefined : ranges?.[id],
    })),
    total: parts.reduce((sum, { tokens }) => sum + tokens, 0),
    limit: ready.limit,
    missing: wanted.length - documentIds.length,
  };
}

/** A turn that has ended knows what it was about; one that has not is about what its conversation is. */
function subjectOf(
  desk: Desk,
  conversationId: string,
  turn: Turn | undefined,
): { documentIds: readonly string[]; ranges?: DocumentRanges } {
  const { documentIds, ranges } = turn?.stats ?? {};
  return documentIds ? { documentIds, ranges } : desk.conversations.get(conversationId);
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
