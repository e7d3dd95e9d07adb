// Conversations as the window sees them: documents, title and the branch on screen.
import {
  FailureError,
  type AnchorRange,
  type ContextUse,
  type Conversation,
  type RangeUse,
} from '../contract/index.js';
import { excerptsOf } from './excerpts.js';
import { checkedRange, withRange, type NextQuestion } from './fitting.js';
import type { Answering } from './answering.js';
import type { AppEvents } from './app-events.js';
import type { Desk } from './desk.js';
import { historyOf } from './prompts.js';

export class Conversations {
  readonly #desk: Desk;
  readonly #answering: Answering;
  readonly #events: AppEvents;

  constructor(desk: Desk, answering: Answering, events: AppEvents) {
    this.#desk = desk;
    this.#answering = answering;
    this.#events = events;
  }

  get(id: string): Conversation {
    return { ...this.#desk.conversations.get(id), path: this.#desk.turns.path(id) };
  }

  create(documentIds: readonly string[]): Conversation {
    const ids = distinct(documentIds);
    const { id } = this.#desk.conversations.create(
      this.#titleOf(ids),
      excerptsOf({ documentIds: ids }),
    );
    this.#events.emit({ type: 'library' });
    return this.get(id);
  }

  duplicate(id: string, title: string, upTo?: string): Conversation {
    const excerpts = excerptsOf(this.#desk.conversations.get(id));
    const copy = this.#desk.conversations.create(title, excerpts);
    this.#desk.turns.copy(id, copy.id, upTo);
    this.#desk.conversations.rename(copy.id, title);
    this.#events.emit({ type: 'library' });
    return this.get(copy.id);
  }

  rename(id: string, title: string): void {
    this.#desk.conversations.get(id);
    this.#desk.conversations.rename(id, title);
    this.#events.emit({ type: 'library' });
  }

  setDocuments(id: string, documentIds: readonly string[]): Conversation {
    const before = this.#desk.conversations.get(id);
    this.refuseWhileAnswering(id);
    const ids = distinct(documentIds);
    // The same documents once more are no reason to give up reading them.
    if (ids.join() === before.documentIds.join()) return this.get(id);
    const title = this.#titleOf(ids);
    this.#desk.readings.cancel(id);
    const excerpts = excerptsOf({ documentIds: ids, ranges: before.ranges });
    this.#desk.conversations.setDocuments(id, excerpts);
    this.#desk.conversations.suggestTitle(id, title, false);
    this.#events.emit({ type: 'library' });
    void this.#desk.readings.announce(id);
    return this.get(id);
  }

  async remove(id: string): Promise<void> {
    this.#desk.conversations.get(id);
    await this.#answering.stopIn(id);
    this.#desk.readings.cancel(id);
    this.#desk.conversations.remove(id);
    this.#events.emit({ type: 'library' });
  }

  select(turnId: string): Conversation {
    this.refuseWhileAnswering(this.#desk.turns.get(turnId).conversationId);
    return this.get(this.#desk.turns.select(turnId).conversationId);
  }

  /** The branch that leads to a turn, and what was on screen after it. */
  show(turnId: string): Conversation {
    const path = this.#desk.turns.pathTo(turnId);
    this.refuseWhileAnswering(path[0]!.conversationId);
    for (const { id } of path) this.#desk.turns.select(id);
    return this.get(path[0]!.conversationId);
  }

  /** Null: all of the document. */
  setRange(id: string, documentId: string, wanted: AnchorRange | null): Conversation {
    this.refuseWhileAnswering(id);
    const before = this.#desk.conversations.get(id);
    const range = checkedRange(this.#desk.library, documentId, wanted);
    const now = before.ranges?.[documentId];
    if (!before.documentIds.includes(documentId)) {
      throw new FailureError('not_found', 'This document is not part of the conversation.');
    }
    if (now?.from === range?.from && now?.to === range?.to) return this.get(id);
    this.#desk.readings.cancel(id);
    this.#desk.conversations.setRange(id, documentId, range);
    this.#events.emit({ type: 'library' });
    void this.#desk.readings.announce(id);
    return this.get(id);
  }

  async context(id: string, draft: string): Promise<ContextUse> {
    const { ready, asked } = await this.question(id, draft);
    return this.#desk.context.measure(ready, asked);
  }

  /** What would be asked now, and of which engine. */
  async question(id: string, draft: string): Promise<NextQuestion> {
    const excerpts = excerptsOf(this.#desk.conversations.get(id));
    const ready = await this.#desk.loaded.ensureUnlessFailed();
    const turns = historyOf(this.#desk.turns.path(id));
    const { replyTokens } = this.#desk.settings.read();
    return { ready, asked: { excerpts, turns, question: draft, replyTokens } };
  }

  /** What it would cost with another part of one document. */
  async measureRange(
    id: string,
    draft: string,
    { documentId, range }: { documentId: string; range: AnchorRange | null },
  ): Promise<RangeUse> {
    const { library } = this.#desk;
    const { ready, asked } = await this.question(id, draft);
    const wanted = checkedRange(library, documentId, range) ?? undefined;
    const excerpts = withRange(asked.excerpts, { documentId, range: wanted });
    const use = await this.#desk.context.measure(ready, { ...asked, excerpts });
    const { total, limit, fits } = use;
    const { tokens } = use.documents.find((each) => each.documentId === documentId)!;
    return { range: wanted && library.labelled(documentId, wanted), tokens, total, limit, fits };
  }

  /** The prompt of a running answer must stay what the window shows. */
  refuseWhileAnswering(id: string): void {
    if (this.#answering.conversationId !== id) return;
    throw new FailureError(
      'busy',
      'This conversation is being answered.',
      'Wait until the answer has finished, or stop it.',
    );
  }

  #titleOf(ids: readonly string[]): string {
    const titles = ids.map((id) => this.#desk.library.get(id).title);
    const [first, ...others] = titles;
    if (first === undefined) return 'New conversation';
    return others.length === 0 ? first : `${first} and ${others.length} more`;
  }
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
