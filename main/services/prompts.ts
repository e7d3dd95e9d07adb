// What a conversation puts in front of the model.
import type { Prompt, Turn } from '../contract/index.js';
import { excerptKeys, type Excerpt } from './excerpts.js';
import type { DocumentStore } from './library/documents.js';

/** Turns that count as said: finished or stopped with some text. Failed ones are not repeated to the model. */
export function historyOf(path: readonly Turn[]): Prompt['turns'] {
  return path
    .filter((turn) => turn.state !== 'failed' && turn.answer !== '')
    .map(({ question, answer }) => ({ question, answer }));
}

/** Of a prompt: what it holds of a document, and where in the whole document that begins. */
export interface PromptDocument {
  id: string;
  title: string;
  text: string;
  /** UTF-16 code units before `text` in the document. */
  offset: number;
}

/** The documents of a prompt, with their text; the last one used is kept, since follow-ups use it again. */
export class PromptDocuments {
  readonly #store: DocumentStore;
  #kept: { key: string; documents: PromptDocument[] } | undefined;

  constructor(store: DocumentStore) {
    this.#store = store;
  }

  withText(excerpts: readonly Excerpt[]): PromptDocument[] {
    const key = excerptKeys(excerpts).join(' ');
    if (this.#kept?.key !== key) {
      const documents = this.withoutText(excerpts).map((document, at) => ({
        ...document,
        text: this.#textOf(excerpts[at]!),
      }));
      this.#kept = { key, documents };
    }
    return this.#kept.documents;
  }

  /** For measuring what surrounds them. The model is told when it gets a part only. */
  withoutText(excerpts: readonly Excerpt[]): PromptDocument[] {
    return excerpts.map(({ documentId: id, range }) => {
      const { title } = this.#store.get(id);
      if (!range) return { id, title, text: '', offset: 0 };
      const { first, last, start } = this.#store.stretch(id, range);
      const part = first === last ? first : `${first} to ${last}`;
      return { id, title: `${title} (only ${part})`, text: '', offset: start };
    });
  }

  /** Each anchor's text as a document of its own, for counting. */
  anchorsOf(documentId: string): PromptDocument[] {
    const texts = this.#store.passages(documentId, 0, Number.MAX_SAFE_INTEGER);
    return texts.map((text) => ({ id: documentId, title: '', text, offset: 0 }));
  }

  #textOf({ documentId, range }: Excerpt): string {
    if (!range) return this.#store.text(documentId);
    return this.#store.passages(documentId, range.from, range.to).join('');
  }
}
