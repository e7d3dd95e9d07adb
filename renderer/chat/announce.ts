// What a screen reader is told of an answer: that it has begun, and what it says once it has ended. Nothing in
// between: text that grows word by word would never let it finish a sentence.
import type { Turn } from '../../main/contract/index.js';
import { words } from '../strings/index.js';

/** Longer answers are only counted, in characters; the reader goes through them at their own pace. */
const longestSpoken = 700;

const underWay = (turn: Turn): boolean => turn.state === 'reading' || turn.state === 'answering';

/** Null when there is nothing to say: a failure speaks for itself, an old conversation was read before. */
export function announcement(before: Turn | null, now: Turn | null): string | null {
  const text = words.chat.turn;
  if (!now) return null;
  if (underWay(now)) return before?.id === now.id ? null : text.answering;
  if (before?.id !== now.id || !underWay(before)) return null;
  if (now.state === 'stopped') return now.answer ? text.stopped : text.stoppedEmpty;
  if (now.state !== 'done') return null;
  const answer = now.answer.trim();
  if (answer === '') return text.empty;
  if (answer.length <= longestSpoken) return `${text.ready} ${answer}`;
  return `${text.ready} ${text.length(answer.split(/\s+/).length)}`;
}
