// The document beside the conversation: which one, its anchors, the place to show, and its text in small
// portions as they come on screen.
import { SvelteMap } from 'svelte/reactivity';
import type { Bridge, Result } from '../../main/contract/index.js';
import { failureOf } from '../bridge/bridge-error.js';
import { openPdf, outlineOf, type OpenedPdf, type OutlineEntry } from './pdf.js';
import type { Failure } from '../../main/contract/index.js';

export interface Place {
  start: number;
  end: number;
}

/** Anchors asked for in one request. */
const portion = 16;
/** Portions kept: enough to scroll back without asking again, little enough for any document. */
const portionsKept = 40;
const zooms = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];

/** A PDF as its pages. */
export interface Pages {
  opened: OpenedPdf;
  /** Of the first page, at scale 1. */
  first: { width: number; height: number };
  outline: OutlineEntry[];
}

export class ViewerStore {
  document = $state.raw<Result<'documents.get'> | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** The passage to scroll to and mark; a new object each time, so the same place can be asked for again. */
  place = $state.raw<Place | null>(null);
  open = $state(false);
  /** Null: not a PDF, not opened yet, or one that cannot be drawn. */
  pages = $state.raw<Pages | null>(null);
  /** What the reader wants of a PDF: its pages, or their text reflowed. */
  asText = $state(false);
  zoom = $state(1);
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
    this.pages?.opened.close();
    this.pages = null;
    this.document = null;
  }

  zoomBy(step: number): void {
    const at = zooms.findIndex((each) => each >= this.zoom);
    this.zoom = zooms[Math.min(Math.max(at + step, 0), zooms.length - 1)]!;
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
    this.pages?.opened.close();
    this.pages = null;
    try {
      this.document = await this.#bridge.call('documents.get', { documentId });
      if (this.document.kind === 'pdf') void this.#openPages(this.document);
    } catch (error) {
      this.failure = failureOf(error);
    }
  }

  /** The text is there meanwhile, and stays when the pages cannot be drawn. */
  async #openPages(document: Result<'documents.get'>): Promise<void> {
    try {
      const opened = await openPdf(this.#bridge, document);
      const page = await opened.pdf.getPage(1);
      const { width, height } = page.getViewport({ scale: 1 });
      const outline = await outlineOf(opened.pdf).catch(() => []);
      if (this.document !== document) opened.close();
      else this.pages = { opened, first: { width, height }, outline };
    } catch {
      this.pages = null;
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
