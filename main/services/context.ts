// The context meter, and the honest refusal: what a question would cost in tokens, counted by the model's own
// tokenizer, against what the session can hold.
import { FailureError, type ContextUse, type Prompt } from '../contract/index.js';
import type { EngineHost } from './engine-host.js';
import type { ReadyEngine } from './loaded-engine.js';
import type { PromptDocuments } from './prompts.js';

export interface Question {
  documentIds: readonly string[];
  turns: Prompt['turns'];
  question?: string;
  replyTokens: number;
}

export class Context {
  readonly #host: EngineHost;
  readonly #documents: PromptDocuments;
  /** Tokens of a document under a model. Documents never change, so a count is good for ever. */
  readonly #counts = new Map<string, number>();

  constructor(host: EngineHost, documents: PromptDocuments) {
    this.#host = host;
    this.#documents = documents;
  }

  /** Documents are tokenised on their own, so the text of each is measured once and not at every key press. */
  async measure(ready: ReadyEngine, asked: Question): Promise<ContextUse> {
    await this.#countMissing(ready, asked.documentIds);
    const { style } = ready.model;
    const { turns, question } = asked;
    const documents = this.#documents.withoutText(asked.documentIds);
    const measured = await this.#host.measure({ style, documents, turns, question });
    const counts = asked.documentIds.map((documentId) => ({
      documentId,
      tokens: this.#counts.get(countKey(ready, documentId)) ?? 0,
    }));
    const reply = asked.replyTokens;
    const inDocuments = counts.reduce((sum, { tokens }) => sum + tokens, 0);
    const total = inDocuments + measured.total + reply;
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

  async #countMissing(ready: ReadyEngine, ids: readonly string[]): Promise<void> {
    const missing = ids.filter((id) => !this.#counts.has(countKey(ready, id)));
    if (missing.length === 0) return;
    const documents = this.#documents.withText(ids).filter(({ id }) => missing.includes(id));
    const measured = await this.#host.measure({ style: ready.model.style, documents, turns: [] });
    documents.forEach(({ id }, index) => {
      this.#counts.set(countKey(ready, id), measured.documents[index] ?? 0);
    });
  }
}

function countKey(ready: ReadyEngine, documentId: string): string {
  return `${ready.info.fingerprint} ${documentId}`;
}

/** Throws context_full with the exact numbers when it does not fit. */
export function refuseUnlessFits(use: ContextUse): void {
  if (use.fits) return;
  const count = (tokens: number) => tokens.toLocaleString('en-US');
  const documents = use.documents.reduce((sum, { tokens }) => sum + tokens, 0);
  const parts = [
    `documents ${count(documents)}`,
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
