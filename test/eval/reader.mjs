// A model as an evaluation uses it: prompts by the model's own marks, readings at a configuration, answers.
// Through the addon alone, so that it runs where nothing is installed.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const mark = (text) => ({ text, special: true });
const plain = (text) => ({ text, special: false });

const instruction =
  'You answer questions about the document below, from it alone and in few words.\n\n';

/** Before the document, between document and question, and after the question. */
const forms = [
  {
    knows: '<|doc|>',
    document: [mark('<|doc|>')],
    question: [mark('<|user|>')],
    answer: [mark('<|assistant|>')],
    stop: [],
  },
  {
    knows: '<|start_header_id|>',
    document: [
      mark('<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n'),
      plain(instruction),
    ],
    question: [mark('<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n')],
    answer: [mark('<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n')],
    stop: [],
  },
  {
    knows: '<|im_start|>',
    document: [mark('<|im_start|>system\n'), plain(instruction)],
    question: [mark('<|im_end|>\n<|im_start|>user\n')],
    answer: [mark('<|im_end|>\n<|im_start|>assistant\n')],
    stop: [],
  },
  {
    knows: '',
    document: [plain(instruction)],
    question: [plain('\n\nQuestion: ')],
    answer: [plain('\nAnswer:')],
    stop: ['\nQuestion:', '\n\n'],
  },
];

/** `heads`: [layer, head] pairs to watch while an answer is written. */
export async function openReader({ addon: path, model, device, contextTokens, threads, heads }) {
  const addon = createRequire(import.meta.url)(resolve(path));
  const engine = await addon.load({ path: resolve(model), device, contextTokens, threads });
  return new Reader(engine, heads ?? []);
}

const silent = () => undefined;
const longestAnswer = 96;

export class Reader {
  #held = '';

  constructor(engine, heads) {
    this.engine = engine;
    this.heads = heads;
    this.session = engine.openSession();
    this.form = forms.find(({ knows }) => engine.info.chatTemplate.includes(knows));
  }

  async count(text) {
    return (await this.engine.tokenize([plain(text)])).length;
  }

  tokensOfDocument(text) {
    return this.engine.tokenize([...this.form.document, plain(text)]);
  }

  /** How many tokens come before the document's text. */
  async tokensBefore() {
    return (await this.engine.tokenize(this.form.document)).length;
  }

  async #tokensOfPrompt(document, question) {
    const { question: before, answer } = this.form;
    const rest = await this.engine.tokenize([...before, plain(question), ...answer]);
    const prompt = new Int32Array(document.length + rest.length); // 131,072 arguments are too many for a call
    prompt.set(document);
    prompt.set(rest, document.length);
    return prompt;
  }

  /** Reads a document on its own, afresh. */
  async read(document, sparsity) {
    this.session.rewind(0);
    const { seconds, keptFraction, blockFraction } = await this.session.read(
      document,
      sparsity,
      silent,
    );
    this.#held = JSON.stringify(sparsity);
    return { seconds, keptFraction, blockFraction };
  }

  /** A question about the document just read under the same sparsity; the reading is kept. */
  async ask(document, question, sparsity) {
    if (this.#held !== JSON.stringify(sparsity)) throw new Error('read() comes before ask()');
    return this.#answer(await this.#tokensOfPrompt(document, question), document, sparsity);
  }

  /** Document and question in one reading. */
  async askAtOnce(document, question, sparsity) {
    this.session.rewind(0);
    this.#held = '';
    return this.#answer(await this.#tokensOfPrompt(document, question), document, sparsity);
  }

  async #answer(prompt, document, sparsity) {
    const { seconds, keptFraction, blockFraction } = await this.session.read(
      prompt,
      sparsity,
      silent,
    );
    let reply = '';
    const watch = this.heads.length > 0 ? this.heads : undefined;
    const options = { maxTokens: longestAnswer, stop: this.form.stop };
    const { attention } = await this.session.generate(
      watch ? { ...options, watch, watchPositions: document.length } : options,
      (text) => {
        reply += text;
      },
    );
    return { reply, attention, seconds, keptFraction, blockFraction };
  }

  async close() {
    this.session.close();
    await this.engine.close();
  }
}
