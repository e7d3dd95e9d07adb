// Conversations as the window sees them: documents, title and the branch on screen.
import { FailureError, type ContextUse, type Conversation } from '../contract/index.js';
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
    const { id } = this.#desk.conversations.create(this.#titleOf(ids), ids);
    this.#events.emit({ type: 'library' });
    return this.get(id);
  }

  duplicate(id: string, title: string, upTo?: string): Conversation {
    const { documentIds } = this.#desk.conversations.get(id);
    const copy = this.#desk.conversations.create(title, documentIds);
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
    const before = this.#desk.conversations.get(id).documentIds;
    this.refuseWhileAnswering(id);
    const ids = distinct(documentIds);
    // The same documents once more are no reason to give up reading them.
    if (ids.join() === before.join()) return this.get(id);
    const title = this.#titleOf(ids);
    this.#desk.readings.cancel(id);
    this.#desk.conversations.setDocuments(id, ids);
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

  async context(id: string, draft: string): Promise<ContextUse> {
    const { documentIds } = this.#desk.conversations.get(id);
    const ready = await this.#desk.loaded.ensureUnlessFailed();
    return this.#desk.context.measure(ready, {
      documentIds,
      turns: historyOf(this.#desk.turns.path(id)),
      question: draft,
      replyTokens: this.#desk.settings.read().replyTokens,
    });
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
