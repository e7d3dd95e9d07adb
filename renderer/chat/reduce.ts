// What the events of one conversation do to what is on screen. Pure: state in, state out, the same state when
// nothing changed. Callers hand over a frame's worth of events at once.
import type {
  AppEvent,
  Conversation,
  Evidence,
  Failure,
  ReadingState,
  Turn,
} from '../../main/contract/index.js';

export interface ReadingProgress {
  tokensDone: number;
  tokensTotal: number;
  tokensPerSecond: number;
  etaSeconds: number | null;
  turnId?: string;
}

export interface ChatState {
  conversation: Conversation;
  reading: ReadingState;
  /** While the engine reads; null otherwise. */
  progress: ReadingProgress | null;
  /** Why the last reading ended early. */
  readingFailure: Failure | null;
}

export type ChatEvent = Extract<
  AppEvent,
  { type: 'reading' | 'reading-state' | 'turn' | 'token' | 'evidence' }
>;

export function isChatEvent(event: AppEvent): event is ChatEvent {
  return ['reading', 'reading-state', 'turn', 'token', 'evidence'].includes(event.type);
}

export function reduce(state: ChatState, events: readonly ChatEvent[]): ChatState {
  return mergeTokens(events).reduce(step, state);
}

/** A frame can bring hundreds of tokens of one turn: one string append instead. */
function mergeTokens(events: readonly ChatEvent[]): ChatEvent[] {
  const merged: ChatEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (event.type === 'token' && last?.type === 'token' && last.turnId === event.turnId)
      merged[merged.length - 1] = { ...last, text: last.text + event.text };
    else merged.push(event);
  }
  return merged;
}

function step(state: ChatState, event: ChatEvent): ChatState {
  const id = state.conversation.id;
  switch (event.type) {
    case 'reading':
      if (event.conversationId !== id) return state;
      return { ...state, progress: progressOf(event), readingFailure: null };
    case 'reading-state':
      if (event.state.conversationId !== id) return state;
      return {
        ...state,
        reading: event.state,
        progress: event.state.status === 'reading' ? state.progress : null,
        readingFailure: event.failure ?? null,
      };
    case 'turn':
      if (event.turn.conversationId !== id) return state;
      return withTurn(state, event.turn);
    case 'token':
      if (event.conversationId !== id) return state;
      return mapTurn(state, event.turnId, (turn) => appendText(turn, event.text));
    case 'evidence':
      return mapTurn(state, event.turnId, (turn) => ({ ...turn, evidence: event.evidence }));
  }
}

function progressOf(event: Extract<ChatEvent, { type: 'reading' }>): ReadingProgress {
  const { tokensDone, tokensTotal, tokensPerSecond, etaSeconds, turnId } = event;
  return { tokensDone, tokensTotal, tokensPerSecond, etaSeconds, turnId };
}

/** Text that arrives after Stop was already part of the stopped turn's final answer. */
function appendText(turn: Turn, text: string): Turn {
  if (turn.state !== 'reading' && turn.state !== 'answering') return turn;
  return { ...turn, state: 'answering', answer: turn.answer + text };
}

function withTurn(state: ChatState, turn: Turn): ChatState {
  const conversation = { ...state.conversation, path: placeTurn(state.conversation.path, turn) };
  const readsOn = turn.state === 'reading';
  return { ...state, conversation, progress: readsOn ? state.progress : null };
}

function mapTurn(state: ChatState, turnId: string, change: (turn: Turn) => Turn): ChatState {
  const index = state.conversation.path.findIndex((turn) => turn.id === turnId);
  if (index < 0) return state;
  const path = state.conversation.path.with(index, change(state.conversation.path[index]!));
  return { ...state, conversation: { ...state.conversation, path } };
}

/** Replaces the turn where it stands, or puts it after its parent in place of what stood there. */
export function placeTurn(path: readonly Turn[], turn: Turn): Turn[] {
  const index = path.findIndex((each) => each.id === turn.id);
  if (index >= 0) return path.with(index, turn);
  const parent = path.findIndex((each) => each.id === turn.parentId);
  if (turn.parentId !== null && parent < 0) return [...path];
  return [...path.slice(0, parent + 1), turn];
}

/** The result of a call may be older than the events that overtook it: it only fills a gap. */
export function addTurn(state: ChatState, turn: Turn): ChatState {
  if (state.conversation.path.some((each) => each.id === turn.id)) return state;
  return withTurn(state, turn);
}

/** References of an answer in the order they are read, numbered from 1. */
export function numbered(evidence: readonly Evidence[]): (Evidence & { number: number })[] {
  return [...evidence]
    .sort((a, b) => a.answerEnd - b.answerEnd || a.answerStart - b.answerStart)
    .map((each, index) => ({ ...each, number: index + 1 }));
}
