// The ways to make a conversation fit that touch no document: what each is called, frees, and does.
import type { ContextUse, FittingChoices } from '../../main/contract/index.js';
import type { AppStore } from '../app.svelte.js';
import { words } from '../strings/index.js';

export interface RoomMaker {
  label: string;
  hint: string;
  run(app: AppStore): Promise<void>;
}

/** An answer shorter than this is hardly one. */
const leastReply = 128;

export function roomMakers(use: ContextUse, choices: FittingChoices): RoomMaker[] {
  const text = words.fitting.panel;
  const { over, models, context, q8 } = choices;
  const makers: RoomMaker[] = models.map(({ modelId, title, contextTokens }) => ({
    label: text.model(title),
    hint: text.modelHint(contextTokens),
    run: (app) => app.settings.set({ modelId }),
  }));
  if (context !== undefined) {
    makers.push({
      label: text.context,
      hint: text.contextHint(context),
      run: (app) => app.settings.set({ contextTokens: 0 }),
    });
  }
  if (q8 !== undefined) {
    makers.push({
      label: text.q8,
      hint: text.q8Hint(q8),
      run: (app) => app.settings.set({ allowQ8Kv: true }),
    });
  }
  if (use.history > over) {
    makers.push({ label: text.fresh, hint: text.freshHint(use.history), run: startAfresh });
  }
  const reply = use.reply - over;
  if (reply >= leastReply) {
    makers.push({
      label: text.reply(reply),
      hint: text.replyHint(over),
      run: (app) => app.settings.set({ replyTokens: reply }),
    });
  }
  return makers;
}

/** The same documents and the question being written, without what was said before. */
async function startAfresh(app: AppStore): Promise<void> {
  const { documentIds, ranges, draft } = app.chat;
  await app.newConversation([...documentIds]);
  for (const [documentId, range] of Object.entries(ranges)) {
    await app.chat.setRange(documentId, range);
  }
  app.chat.setDraft(draft);
}
