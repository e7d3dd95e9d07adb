// Writes turns as the app does, until it is killed. Says which turns are finished, once they are committed.
// Plain Node cannot follow the `.js` imports of the sources, so the test bundles this file.
import { ConversationStore } from '../../../main/services/library/conversations.js';
import { openLibrary } from '../../../main/services/library/open.js';
import { TurnStore } from '../../../main/services/library/turns.js';

const { db } = openLibrary(process.argv[2] ?? '');
const turns = new TurnStore(db);
const conversation = new ConversationStore(db).create('Killed', []).id;
let parent: string | null = null;
for (let number = 0; ; number++) {
  const turn = turns.add(conversation, parent, `question ${number}`);
  turns.setAnswering(turn.id);
  for (let words = 1; words <= 3; words++) turns.setAnswer(turn.id, 'word '.repeat(words * 50));
  turns.finish(turn.id, { state: 'done', answer: `answer ${number}` });
  process.stdout.write(`${number}\n`);
  parent = turn.id;
}
