// A bridge without an app behind it, for design work and browser tests of the window alone. Questions steer it:
// [long] 20,000 words, [xss] hostile Markdown, [fail] a failure; anything else gets a short answer.
// In the address: ?empty (a fresh library), ?state=reading|unread|failed, ?limit=N (context tokens), ?theme=dark.
import type {
  AppEvent,
  Bridge,
  Conversation,
  Method,
  Params,
  Result,
  Turn,
} from '../../main/contract/index.js';
import { BridgeError } from './bridge-error.js';
import * as data from './fake-data.js';
import { hostile } from './fake-hostile.js';

type Handlers = { [M in Method]?: (params: Params<M>) => Result<M> | Promise<Result<M>> };

class FakeApp {
  readonly listeners = new Set<(event: AppEvent) => void>();
  readonly #options: URLSearchParams;
  #settings = { ...data.settings };
  #path: Turn[] = [];
  #stopped = false;

  constructor(options: URLSearchParams) {
    this.#options = options;
    this.#settings.theme = (options.get('theme') as 'dark' | null) ?? 'system';
    this.#settings.welcomed = options.has('welcomed');
    const [first, second] = data.answers as [string, string];
    this.#path = [
      data.turn('t1', 'What is the access code of the gilded ferry?', first, {}),
      data.turn('t2', 'What does the ledger say about payment?', second, {
        parentId: 't1',
        siblingIds: ['t0', 't2', 't3'],
        sibling: 1,
      }),
    ];
    if (options.get('state') === 'failed') this.#path.push(this.#failedTurn());
    if (options.get('state') === 'reading') setInterval(() => this.#readStep(), 100);
  }

  readonly handlers: Handlers = {
    'app.info': () => ({
      version: '0.1.0',
      shell: 'browser',
      platform: 'linux',
      cores: 8,
      memoryBytes: 16_500_000_000,
      dataFolder: '/home/ada/.local/share/longleaf',
    }),
    'engine.status': () => data.ready,
    'engine.load': () => data.ready,
    'settings.get': () => this.#settings,
    'settings.set': ({ patch }) => (this.#settings = { ...this.#settings, ...patch }),
    'models.list': () => data.models,
    'library.list': () =>
      this.#options.has('empty')
        ? { documents: [], conversations: [] }
        : { documents: data.documents, conversations: data.conversations },
    'documents.get': ({ documentId }) => {
      const summary = data.documents.find((each) => each.id === documentId)!;
      return { ...summary, anchors: data.anchorsOf(summary) };
    },
    'documents.text': ({ documentId, from, to }) => {
      const summary = data.documents.find((each) => each.id === documentId)!;
      return Array.from({ length: to - from }, (_, at) => data.textOf(summary, from + at));
    },
    'conversations.create': () => this.#conversation('c3'),
    'conversations.get': ({ conversationId }) => this.#conversation(conversationId),
    'conversations.setDocuments': ({ conversationId, documentIds }) => ({
      ...this.#conversation(conversationId),
      documentIds,
    }),
    'conversations.context': ({ draft }) =>
      data.context(draft, Number(this.#options.get('limit') ?? 131_072)),
    'readings.state': ({ conversationId }) => this.#reading(conversationId),
    'turns.ask': ({ question }) => this.#ask(question),
    'turns.stop': () => {
      this.#stopped = true;
      return {};
    },
    'turns.regenerate': () => this.#ask('Again'),
    'turns.select': () => this.#conversation('c1'),
  };

  #emit(event: AppEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  #conversation(id: string): Conversation {
    const summary = data.conversations.find((each) => each.id === id)!;
    return { ...summary, path: id === 'c1' ? this.#path : [] };
  }

  #reading(conversationId: string): Result<'readings.state'> {
    const state = this.#options.get('state');
    if (state === 'reading') return { conversationId, status: 'reading' };
    if (state === 'unread' || conversationId !== 'c1') return { conversationId, status: 'unread' };
    return { conversationId, ...data.reading };
  }

  #readDone = 0;

  #readStep(): void {
    this.#readDone = Math.min(16_021, this.#readDone + 53);
    this.#emit({
      type: 'reading',
      conversationId: 'c1',
      tokensDone: this.#readDone,
      tokensTotal: 16_021,
      tokensPerSecond: 531,
      etaSeconds: (16_021 - this.#readDone) / 531,
    });
  }

  #failedTurn(): Turn {
    return data.turn('t9', 'And who paid for the second barge?', 'The second barge was', {
      parentId: 't2',
      state: 'failed',
      stats: undefined,
      failure: {
        code: 'engine_died',
        message: 'The engine stopped unexpectedly while answering.',
        hint: 'It has been started again. What was written so far is kept.',
      },
    });
  }

  #ask(question: string): Turn {
    const id = crypto.randomUUID();
    const parentId = this.#path.at(-1)?.id ?? null;
    const turn = data.turn(id, question, '', { parentId, state: 'answering', stats: undefined });
    this.#path = [...this.#path, turn];
    this.#stopped = false;
    void this.#stream(turn, answerTo(question));
    return turn;
  }

  /** About a thousand tokens a second for [long], forty otherwise. */
  async #stream(turn: Turn, answer: string): Promise<void> {
    const words = answer.match(/\S+\s*/g) ?? [];
    const atOnce = words.length > 1000 ? 10 : 1;
    let text = '';
    for (let at = 0; at < words.length && !this.#stopped; at += atOnce) {
      await new Promise((resolve) => setTimeout(resolve, atOnce === 1 ? 25 : 4));
      const piece = words.slice(at, at + atOnce).join('');
      text += piece;
      this.#emit({ type: 'token', conversationId: 'c1', turnId: turn.id, text: piece });
    }
    const state = this.#stopped ? 'stopped' : 'done';
    const done = { ...turn, answer: text, state, evidence: data.evidenceIn(text) } as const;
    this.#path = this.#path.map((each) => (each.id === turn.id ? done : each));
    this.#emit({ type: 'turn', turn: { ...done, stats: data.stats } });
  }
}

function answerTo(question: string): string {
  if (question.includes('[xss]')) return hostile;
  if (question.includes('[long]')) return longAnswer();
  return data.answers[0]!;
}

function longAnswer(): string {
  const sentence = 'The keeper wrote the date in the margin and under it the names. ';
  const sections = Array.from({ length: 180 }, (_, index) =>
    [
      `## Crossing ${index + 1}`,
      sentence.repeat(5),
      `- first *point* of ${index}\n- second **point**\n- third \`point\``,
      index % 9 === 0 ? '```js\nconst code = 48213;\n```' : sentence.repeat(2),
    ].join('\n\n'),
  );
  return sections.join('\n\n');
}

export function fakeBridge(options: URLSearchParams): Bridge {
  const app = new FakeApp(options);
  return {
    shell: 'browser',
    async call(method, params) {
      const handler = app.handlers[method] as ((params: unknown) => unknown) | undefined;
      if (!handler)
        throw new BridgeError({ code: 'bad_request', message: `${method} is not scripted.` });
      return structuredClone(await handler(params)) as never;
    },
    onEvent: (listener) => {
      app.listeners.add(listener);
      return () => app.listeners.delete(listener);
    },
    onConnection: () => () => {},
    importFile: async (file) => {
      throw new BridgeError({
        code: 'document_encrypted',
        message: `${file.name} is protected with a password.`,
        hint: 'Save a copy without the password, then add that.',
      });
    },
    pathOf: () => null,
  };
}
