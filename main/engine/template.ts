// The model's chat template, made safe to use. It is rendered with a placeholder for every message, and the
// result is split at the placeholders: what lies between them is the template's own text and may contain
// special tokens; documents, questions and answers take the placeholders' places afterwards, as plain text.
// So no document can forge a turn, whatever it contains, and the template never sees the user's text.
//
// How a template is used is decided once per model, by rendering two short conversations:
//   1. as it is, with the documents as system message;
//   2. without a system role (the template refuses it or moves it): the documents begin the first question;
//   3. without the template (there is none, it is broken, or it drops or repeats messages): documents, then
//      "Question: ...", "Answer: ...", which models continue without any training for chat.
import { randomUUID } from 'node:crypto';
import { FailureError } from '../contract/index.js';
import { withoutSystem, type Message, type Role } from './prompt.js';
import { renderTemplate, TemplateError, type TemplateLimits } from './template-worker.js';

/** Template text, and between it the numbers of the messages, in order. */
export type Shape = (string | number)[];

export interface TemplateSource {
  chatTemplate: string;
  bosToken: string;
  eosToken: string;
  addBos: boolean;
}

type Form = 'system' | 'no-system' | 'plain';

const plain: Record<Role, [before: string, after: string]> = {
  system: ['', '\n\n'],
  user: ['Question: ', '\n\nAnswer:'],
  assistant: [' ', '\n\n'],
};

export class ChatTemplate {
  readonly #source: TemplateSource;
  readonly #limits: TemplateLimits | undefined;
  readonly #shapes = new Map<string, Promise<Shape>>();
  #form: Form = 'system';
  #note: string | undefined;

  private constructor(source: TemplateSource, limits?: TemplateLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  static async open(source: TemplateSource, limits?: TemplateLimits): Promise<ChatTemplate> {
    const template = new ChatTemplate(source, limits);
    await template.#chooseForm();
    return template;
  }

  /** For people: why the template is not used as it is. */
  get note(): string | undefined {
    return this.#note;
  }

  /** Strings that end an answer besides the model's own end tokens. */
  get stop(): string[] {
    return this.#form === 'plain' ? ['\nQuestion:'] : [];
  }

  /** The messages as this template takes them, and the text around them. Throws template_failed. */
  async lay(messages: readonly Message[]): Promise<{ messages: Message[]; shape: Shape }> {
    const laid = this.#form === 'no-system' ? withoutSystem(messages) : [...messages];
    try {
      return { messages: laid, shape: await this.#shapeOf(laid.map(({ role }) => role)) };
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new FailureError(
        'template_failed',
        `The chat template in the model file ${error.message}.`,
        'Start a new conversation, or choose another model.',
      );
    }
  }

  async #chooseForm(): Promise<void> {
    if (this.#source.chatTemplate.trim() === '') {
      this.#form = 'plain';
      this.#note =
        'The model file has no chat template: Longleaf asks in a plain question and answer form.';
      return;
    }
    const problems: string[] = [];
    for (const form of ['system', 'no-system'] as const) {
      const problem = await this.#problemOf(form);
      if (problem === undefined) {
        this.#form = form;
        return;
      }
      problems.push(problem);
    }
    this.#shapes.clear();
    this.#form = 'plain';
    this.#note = `The chat template in the model file ${problems.at(-1)}: Longleaf asks in a plain question and answer form instead.`;
  }

  /** Undefined when the form works, and a longer conversation begins like a shorter one. */
  async #problemOf(form: 'system' | 'no-system'): Promise<string | undefined> {
    const first: Role[] = form === 'system' ? ['system', 'user'] : ['user'];
    try {
      const short = await this.#shapeOf(first);
      const long = await this.#shapeOf([...first, 'assistant', 'user']);
      if (short[0] === long[0]) return undefined;
      return 'begins a longer conversation in another way';
    } catch (error) {
      if (error instanceof TemplateError) return error.message;
      throw error;
    }
  }

  #shapeOf(roles: readonly Role[]): Promise<Shape> {
    const key = roles.join(' ');
    let shape = this.#shapes.get(key);
    if (!shape) {
      const { addBos, bosToken } = this.#source;
      const start = addBos ? bosToken : '';
      shape =
        this.#form === 'plain' ? Promise.resolve(plainShape(roles, start)) : this.#render(roles);
      this.#shapes.set(key, shape);
    }
    return shape;
  }

  async #render(roles: readonly Role[]): Promise<Shape> {
    const { chatTemplate: template, bosToken, eosToken, addBos } = this.#source;
    // Letters and digits only, so that no filter a template may apply has a reason to change it.
    const secret = randomUUID().replaceAll('-', '');
    const placeholder = (index: number) => `x${secret}n${index}x`;
    const messages = roles.map((role, index) => ({ role, content: placeholder(index) }));
    const input = { template, messages, bosToken, eosToken };
    const text = await renderTemplate(input, this.#limits);
    const shape = split(text, secret);
    const order = shape.filter((part) => typeof part === 'number');
    if (order.length !== roles.length || order.some((number, index) => number !== index)) {
      throw new TemplateError('leaves out, repeats or reorders messages');
    }
    shape[shape.length - 1] = withoutThoughts(String(shape.at(-1)));
    const [start] = shape;
    if (addBos && bosToken && !(typeof start === 'string' && start.startsWith(bosToken))) {
      shape[0] = bosToken + (typeof start === 'string' ? start : '');
    }
    return shape;
  }
}

/** Some templates open a block of thoughts for the answer. It is closed at once: an answer is what was asked. */
function withoutThoughts(ending: string): string {
  return /<think>\s*$/.test(ending) ? `${ending.trimEnd()}\n\n</think>\n\n` : ending;
}

/** Text, number, text, ..., text: always begins and ends with text, possibly empty. */
function split(text: string, secret: string): Shape {
  return text
    .split(new RegExp(`x${secret}n(\\d+)x`))
    .map((part, index) => (index % 2 === 1 ? Number(part) : part));
}

function plainShape(roles: readonly Role[], start: string): Shape {
  const shape: Shape = [];
  let text = start;
  roles.forEach((role, index) => {
    const [before, after] = plain[role];
    shape.push(text + before, index);
    text = after;
  });
  return [...shape, text];
}
