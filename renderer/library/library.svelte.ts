// Documents and conversations as the app lists them. A deleted conversation only hides at first: it is deleted
// for good when its Undo has gone.
import { SvelteSet } from 'svelte/reactivity';
import type { Bridge, ConversationSummary, DocumentSummary } from '../../main/contract/index.js';
import { words } from '../strings/index.js';
import type { Notices } from '../ui/notices.svelte.js';

export class LibraryStore {
  #documents = $state.raw<DocumentSummary[]>([]);
  #conversations = $state.raw<ConversationSummary[]>([]);
  readonly #hidden = new SvelteSet<string>();
  loaded = $state(false);
  readonly #bridge: Bridge;
  readonly #notices: Notices;
  #loading: Promise<void> | null = null;
  #again = false;

  constructor(bridge: Bridge, notices: Notices) {
    this.#bridge = bridge;
    this.#notices = notices;
  }

  /** Newest first. */
  readonly documents = $derived(
    [...this.#documents].sort(
      (a, b) => b.createdAt - a.createdAt || a.title.localeCompare(b.title),
    ),
  );
  readonly conversations = $derived(
    this.#conversations
      .filter((each) => !this.#hidden.has(each.id))
      .sort((a, b) => b.updatedAt - a.updatedAt),
  );

  document(id: string): DocumentSummary | undefined {
    return this.#documents.find((each) => each.id === id);
  }

  conversation(id: string): ConversationSummary | undefined {
    return this.#conversations.find((each) => each.id === id);
  }

  /** Many changes at once cost one further request, not many. */
  async load(): Promise<void> {
    if (this.#loading) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#fetch();
    try {
      await this.#loading;
    } finally {
      this.#loading = null;
    }
  }

  async #fetch(): Promise<void> {
    do {
      this.#again = false;
      const { documents, conversations } = await this.#bridge.call('library.list', {});
      this.#documents = documents;
      this.#conversations = conversations;
      this.loaded = true;
    } while (this.#again);
  }

  async rename(conversationId: string, title: string): Promise<void> {
    await this.#bridge.call('conversations.rename', { conversationId, title });
    await this.load();
  }

  removeConversation(conversation: ConversationSummary): void {
    const { id, title } = conversation;
    this.#hidden.add(id);
    this.#notices.info(words.library.removedConversation(title || words.library.untitled), {
      action: { label: words.library.undo, run: () => this.#hidden.delete(id) },
      onGone: () => void this.removeForGood(id).catch(this.#notices.catch),
    });
  }

  async removeForGood(conversationId: string): Promise<void> {
    this.#hidden.add(conversationId);
    try {
      await this.#bridge.call('conversations.remove', { conversationId });
    } catch (error) {
      this.#hidden.delete(conversationId);
      throw error;
    }
  }

  async removeDocument(documentId: string): Promise<void> {
    await this.#bridge.call('documents.remove', { documentId });
    await this.load();
  }

  /** How many conversations ask about a document. */
  uses(documentId: string): number {
    return this.conversations.filter((each) => each.documentIds.includes(documentId)).length;
  }
}
