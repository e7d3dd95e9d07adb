// All tasks. make(draw, haystack, room, questions) gives a document of at most `room` tokens and what is asked
// about it: { text, items: [{ question, answers, depth }] }. A reply's score is the share of answers it holds.
import { factTasks } from './facts.mjs';
import { paragraphTasks } from './paragraphs.mjs';
import { quoteTasks } from './quotes.mjs';
import { tracingTasks } from './tracing.mjs';
import { wordTasks } from './words.mjs';

export const tasks = {
  ...factTasks,
  ...tracingTasks,
  ...wordTasks,
  ...paragraphTasks,
  ...quoteTasks,
};

const plain = (text) => text.toLowerCase().replace(/\s+/g, ' ');

/** Share of the answers that the reply holds, whole: 123 is not in 91234. */
export function score(reply, answers) {
  const said = plain(reply);
  const holds = (answer) => {
    const wanted = plain(answer).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`(?<![\\p{L}\\p{N}])${wanted}(?![\\p{L}\\p{N}])`, 'u').test(said);
  };
  return answers.filter(holds).length / answers.length;
}
