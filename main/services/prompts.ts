// What a conversation puts in front of the model.
import type { Prompt, Turn } from '../contract/index.js';
import type { DocumentStore } from './library/documents.js';

/** Turns that count as said: finished or stopped with some text. Failed ones are not repeated to the model. */
export function historyOf(path: readonly Turn[]): Prompt['turns'] {
  return path
    .filter((turn) => turn.state !== 'failed' && turn.answer !== '')
    .map(({ question, answer }) => ({ question, answer }));
}

/** The documents of a prompt, with their text; the last one used is kept, since follow-ups use it again. */
export class PromptDocuments {
  readonly #store: DocumentStore;
  #kept: { key: string; documents: Prompt['documents'] } | undefined;

  constructor(store: DocumentStore) {
    this.#store = store;
  }

  withText(ids: readonly string[]): Prompt['documents'] {
    const key = ids.join(' ');
    if (this.#kept?.key !== key) {
      const documents = this.withoutText(ids).map((document) => ({
        ...document,
        text: this.#store.text(document.id),
      }));
      this.#kept = { key, documents };
    }
    return this.#kept.documents;
  }

  /** For measuring what surrounds them. */
  withoutText(ids: readonly string[]): Prompt['documents'] {
    return ids.map((id) => ({ id, title: this.#store.get(id).title, text: '' }));
  }
}
