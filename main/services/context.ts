// The context meter, and the honest refusal: what a question would cost in tokens, counted by the model's own
// tokenizer, against what the session can hold.
import { FailureError, type ContextUse, type Prompt } from '../contract/index.js';
import { excerptKey, type Excerpt } from './excerpts.js';
import type { EngineHost } from './engine-host.js';
import type { ReadyEngine } from './loaded-engine.js';
import type { PromptDocuments } from './prompts.js';

export interface Question {
  excerpts: readonly Excerpt[];
  turns: Prompt['turns'];
  question?: string;
  replyTokens: number;
}

export class Context {
  readonly #host: EngineHost;
  readonly #documents: PromptDocuments;
  /** Tokens of an excerpt under a model. Documents never change, so a count is good for ever. */
  readonly #counts = new Map<string, number>();
  readonly #anchorCounts = new Map<string, readonly number[]>();

  constructor(host: EngineHost, documents: PromptDocuments) {
    this.#host = host;
    this.#documents = documents;
  }

  /** Documents are tokenised on their own, so the text of each is measured once and not at every key press. */
  async measure(ready: ReadyEngine, asked: Question): Promise<ContextUse> {
    await this.#countMissing(ready, asked.excerpts);
    const { style } = ready.model;
    const { turns, question } = asked;
    const documents = this.#documents.withoutText(asked.excerpts);
    const measured = await this.#host.measure({ style, documents, turns, question });
    const counts = asked.excerpts.map((excerpt) => ({
      documentId: excerpt.documentId,
      tokens: this.#counts.get(countKey(ready, excerpt)) ?? 0,
    }));
    const reply = asked.replyTokens;
    const total = documentTokens({ documents: counts }) + measured.total + reply;
    return {
      documents: counts,
      history: measured.history,
      question: measured.question,
      template: measured.template,
      reply,
      total,
      limit: ready.limit,
      fits: total <= ready.limit,
    };
  }

  /** Tokens of each of a document's anchors, on its own. */
  async countAnchors(ready: ReadyEngine, documentId: string): Promise<readonly number[]> {
    const key = countKey(ready, { documentId });
    let counts = this.#anchorCounts.get(key);
    if (!counts) {
      const documents = this.#documents.anchorsOf(documentId);
      counts = (await this.#host.measure({ style: 'document', documents, turns: [] })).documents;
      this.#anchorCounts.set(key, counts);
    }
    return counts;
  }

  async #countMissing(ready: ReadyEngine, excerpts: readonly Excerpt[]): Promise<void> {
    const missing = excerpts.filter((each) => !this.#counts.has(countKey(ready, each)));
    if (missing.length === 0) return;
    const all = this.#documents.withText(excerpts);
    const documents = missing.map((each) => all[excerpts.indexOf(each)]!);
    const measured = await this.#host.measure({ style: ready.model.style, documents, turns: [] });
    missing.forEach((excerpt, index) => {
      this.#counts.set(countKey(ready, excerpt), measured.documents[index] ?? 0);
    });
  }
}

/** Tokens of all documents together. */
export function documentTokens({ documents }: Pick<ContextUse, 'documents'>): number {
  return documents.reduce((sum, { tokens }) => sum + tokens, 0);
}

function countKey(ready: ReadyEngine, excerpt: Excerpt): string {
  return `${ready.info.fingerprint} ${excerptKey(excerpt)}`;
}

/** Throws context_full with the exact numbers when it does not fit. */
export function refuseUnlessFits(use: ContextUse): void {
  if (use.fits) return;
  const count = (tokens: number) => tokens.toLocaleString('en-US');
  const parts = [
    `documents ${count(documentTokens(use))}`,
    use.history > 0 ? `earlier turns ${count(use.history)}` : '',
    use.question > 0 ? `question ${count(use.question)}` : '',
    use.template > 0 ? `prompt form ${count(use.template)}` : '',
    use.reply > 0 ? `room for the answer ${count(use.reply)}` : '',
  ].filter(Boolean);
  throw new FailureError(
    'context_full',
    `This needs ${count(use.total)} tokens and the model holds ${count(use.limit)}: ${parts.join(', ')}. Nothing was cut.`,
    'Use fewer or shorter documents, start a new conversation, lower the reply length, or choose a model or KV type with a larger context.',
  );
}
