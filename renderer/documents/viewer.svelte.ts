// The document beside the conversation: which one, its anchors, the place to show, and its text in small
// portions as they come on screen.
import { SvelteMap } from 'svelte/reactivity';
import type { Bridge, Result } from '../../main/contract/index.js';
import { failureOf } from '../bridge/bridge-error.js';
import type { Failure } from '../../main/contract/index.js';

export interface Place {
  start: number;
  end: number;
}

/** Anchors asked for in one request. */
const portion = 16;
/** Portions kept: enough to scroll back without asking again, little enough for any document. */
const portionsKept = 40;

export class ViewerStore {
  document = $state.raw<Result<'documents.get'> | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** The passage to scroll to and mark; a new object each time, so the same place can be asked for again. */
  place = $state.raw<Place | null>(null);
  open = $state(false);
  readonly texts = new SvelteMap<number, string>();
  readonly #bridge: Bridge;
  readonly #portions = new Set<number>();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  async show(documentId: string, place: Place | null = null): Promise<void> {
    this.open = true;
    if (this.document?.id !== documentId) await this.#load(documentId);
    if (this.document?.id === documentId) this.place = place ? { ...place } : null;
  }

  close(): void {
    this.open = false;
  }

  forget(documentId: string): void {
    if (this.document?.id !== documentId) return;
    this.close();
    this.document = null;
  }

  /** Sees to it that the texts of anchors [from, to) come. */
  want(from: number, to: number): void {
    for (let index = Math.floor(from / portion); index * portion < to; index += 1)
      if (!this.#portions.has(index)) void this.#fetch(index);
  }

  async #load(documentId: string): Promise<void> {
    this.document = null;
    this.failure = null;
    this.place = null;
    this.#portions.clear();
    this.texts.clear();
    try {
      this.document = await this.#bridge.call('documents.get', { documentId });
    } catch (error) {
      this.failure = failureOf(error);
    }
  }

  async #fetch(index: number): Promise<void> {
    const document = this.document;
    if (!document) return;
    this.#portions.add(index);
    const from = index * portion;
    const to = Math.min(from + portion, document.anchors.length);
    try {
      const texts = await this.#bridge.call('documents.text', {
        documentId: document.id,
        from,
        to,
      });
      if (this.document !== document) return;
      texts.forEach((text, offset) => this.texts.set(from + offset, text));
      this.#evict();
    } catch (error) {
      this.#portions.delete(index);
      this.failure = failureOf(error);
    }
  }

  #evict(): void {
    const excess = [...this.#portions].slice(0, -portionsKept);
    for (const index of excess) {
      this.#portions.delete(index);
      for (let at = index * portion; at < (index + 1) * portion; at += 1) this.texts.delete(at);
    }
  }
}
