// The conversation on screen: its state (see reduce.ts), its draft, its context meter, and what the user can do
// with it. Events are gathered per animation frame.
import type { AnchorRange, Bridge, Conversation, Turn } from '../../main/contract/index.js';
import { tick } from 'svelte';
import { BridgeError } from '../bridge/bridge-error.js';
import { FrameBatch } from '../ui/frame-batch.js';
import type { Notices } from '../ui/notices.svelte.js';
import { ContextStore } from './context.svelte.js';
import { addTurn, reduce, type ChatEvent, type ChatState } from './reduce.js';

export class ChatStore {
  state = $state.raw<ChatState | null>(null);
  draft = $state('');
  /** Grows by one when the user asks: the view goes to the end. */
  asked = $state(0);
  /** Grows by one when a passage joins the draft: the field takes the focus. */
  quoted = $state(0);
  /** Whose prompt is shown: a turn's, or the next question's (null). */
  seen = $state<{ turnId: string | null } | null>(null);
  /** The document whose part is being chosen. */
  ranging = $state<string | null>(null);
  readonly context: ContextStore;
  readonly #bridge: Bridge;
  readonly #notices: Notices;
  readonly #drafts = new Map<string, string>();
  readonly #events = new FrameBatch<ChatEvent>((events) => {
    if (this.state) this.state = reduce(this.state, events);
    if (events.some((event) => event.type === 'turn')) this.context.refresh();
  });

  constructor(bridge: Bridge, notices: Notices) {
    this.#bridge = bridge;
    this.#notices = notices;
    this.context = new ContextStore(bridge, () => ({ id: this.id, draft: this.draft }));
  }

  readonly id = $derived(this.state?.conversation.id ?? null);
  readonly documentIds = $derived(this.state?.conversation.documentIds ?? []);
  readonly ranges = $derived(this.state?.conversation.ranges ?? {});
  readonly path = $derived(this.state?.conversation.path ?? []);
  readonly busyTurn = $derived(
    this.path.find((turn) => turn.state === 'reading' || turn.state === 'answering') ?? null,
  );
  readonly reads = $derived(
    this.state !== null &&
      (this.state.reading.status === 'reading' || this.state.progress !== null),
  );
  readonly empty = $derived(this.documentIds.length === 0 && this.path.length === 0);

  receive(event: ChatEvent): void {
    this.#events.add(event);
  }

  async open(conversationId: string): Promise<void> {
    const [conversation, reading] = await Promise.all([
      this.#bridge.call('conversations.get', { conversationId }),
      this.#bridge.call('readings.state', { conversationId }),
    ]);
    this.#show(conversation, reading);
  }

  /** After a lost connection: what happened meanwhile was not told. */
  async reopen(): Promise<void> {
    const draft = this.draft;
    if (this.id === null) return;
    await this.open(this.id);
    this.draft = draft;
  }

  close(): void {
    this.#keepDraft();
    this.#events.clear();
    this.state = null;
    this.draft = '';
    this.context.clear();
  }

  setDraft(text: string): void {
    this.draft = text;
    this.context.refreshSoon();
  }

  /** A passage to ask about, before whatever is being written. */
  quote(passage: string): void {
    const before = this.draft.trim();
    this.setDraft(`${before === '' ? '' : `${before}\n\n`}“${passage}”\n\n`);
    this.quoted += 1;
  }

  async ask(): Promise<void> {
    const question = this.draft.trim();
    const conversationId = this.id;
    if (question === '' || conversationId === null) return;
    this.draft = '';
    this.asked += 1;
    try {
      const turn = await this.#bridge.call('turns.ask', { conversationId, question });
      this.#addTurn(turn);
    } catch (error) {
      if (this.id === conversationId && this.draft === '') this.draft = question;
      this.#notices.catch(error);
    }
    this.context.refresh();
  }

  async stop(): Promise<void> {
    const turn = this.busyTurn;
    if (turn) await this.#try(this.#bridge.call('turns.stop', { turnId: turn.id }));
    else await this.cancelReading();
  }

  async regenerate(turnId: string): Promise<void> {
    this.asked += 1;
    await this.#try(this.#bridge.call('turns.regenerate', { turnId }), (turn) =>
      this.#addTurn(turn),
    );
  }

  /** Asks another question in the turn's place; the turn stays beside it. */
  async edit(turnId: string, question: string): Promise<void> {
    this.asked += 1;
    await this.#try(this.#bridge.call('turns.edit', { turnId, question }), (turn) =>
      this.#addTurn(turn),
    );
  }

  /** Puts a turn on screen, on whatever branch it is. */
  async reveal(turnId: string): Promise<void> {
    if (!this.path.some(({ id }) => id === turnId)) {
      const call = this.#bridge.call('turns.show', { turnId });
      await this.#try(call, (conversation) => this.#replace(conversation));
    }
    await tick();
    document.getElementById(`turn-${turnId}`)?.scrollIntoView({ block: 'start' });
  }

  async select(turnId: string): Promise<void> {
    await this.#try(this.#bridge.call('turns.select', { turnId }), (conversation) =>
      this.#replace(conversation),
    );
  }

  async setDocuments(documentIds: string[]): Promise<void> {
    const conversationId = this.id;
    if (conversationId === null) return;
    const call = this.#bridge.call('conversations.setDocuments', { conversationId, documentIds });
    await this.#try(call, (conversation) => this.#replace(conversation));
    await this.#refreshReading();
  }

  /** Null: all of the document. */
  async setRange(documentId: string, wanted: AnchorRange | null): Promise<void> {
    const conversationId = this.id;
    if (conversationId === null) return;
    const range = wanted && { from: wanted.from, to: wanted.to };
    const call = this.#bridge.call('conversations.setRange', { conversationId, documentId, range });
    await this.#try(call, (conversation) => this.#replace(conversation));
    await this.#refreshReading();
  }

  async startReading(): Promise<void> {
    if (this.id === null) return;
    await this.#try(this.#bridge.call('readings.start', { conversationId: this.id }));
  }

  async cancelReading(): Promise<void> {
    if (this.id === null) return;
    await this.#try(this.#bridge.call('readings.cancel', { conversationId: this.id }));
  }

  renamed(title: string): void {
    if (!this.state) return;
    this.state = { ...this.state, conversation: { ...this.state.conversation, title } };
  }

  #show(conversation: Conversation, reading: ChatState['reading']): void {
    this.#keepDraft();
    this.#events.clear();
    this.state = { conversation, reading, progress: null, readingFailure: null };
    this.draft = this.#drafts.get(conversation.id) ?? '';
    this.context.clear();
    this.context.refresh();
  }

  #replace(conversation: Conversation): void {
    if (this.state?.conversation.id !== conversation.id) return;
    this.#events.flush();
    this.state = { ...this.state, conversation };
    this.context.refresh();
  }

  async #refreshReading(): Promise<void> {
    const conversationId = this.id;
    if (conversationId === null) return;
    await this.#try(this.#bridge.call('readings.state', { conversationId }), (reading) => {
      if (this.state && this.id === conversationId) this.state = { ...this.state, reading };
    });
  }

  #addTurn(turn: Turn): void {
    this.#events.flush();
    if (this.state && this.id === turn.conversationId) this.state = addTurn(this.state, turn);
  }

  #keepDraft(): void {
    if (this.id === null) return;
    if (this.draft === '') this.#drafts.delete(this.id);
    else this.#drafts.set(this.id, this.draft);
  }

  async #try<T>(call: Promise<T>, then: (result: T) => void = () => {}): Promise<void> {
    try {
      then(await call);
    } catch (error) {
      if (error instanceof BridgeError) this.#notices.failure(error.failure);
      else throw error;
    }
  }
}
