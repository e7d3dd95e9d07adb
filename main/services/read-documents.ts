// Reads a conversation's documents before anything is asked.
import { unlessAborted } from './abort.js';
import { documentTokens, refuseUnlessFits } from './context.js';
import { excerptsOf } from './excerpts.js';
import type { Desk } from './desk.js';

/** Runs inside the engine lane. Returns early when `signal` aborts; what was read so far is given up. */
export async function readDocuments(
  desk: Desk,
  conversationId: string,
  signal: AbortSignal,
): Promise<void> {
  const excerpts = excerptsOf(desk.conversations.get(conversationId));
  const ready = await unlessAborted(signal, desk.loaded.ensure());
  if (!ready) return;
  const asked = { excerpts, turns: [], replyTokens: 0 };
  const use = await unlessAborted(signal, desk.context.measure(ready, asked));
  if (!use) return;
  refuseUnlessFits(use);
  const { style, profile } = ready.model;
  const level = desk.settings.read().level ?? profile.defaultLevel;
  const documents = desk.documents.withText(excerpts);
  const job = {
    conversationId,
    excerpts,
    level,
    documentTokens: documentTokens(use),
    ready,
    signal,
  };
  const prompt = { style, documents, turns: [] };
  await desk.readings.track(job, (listeners, reading) =>
    desk.host.read({ prompt, level, profile, reading }, signal, listeners),
  );
}
