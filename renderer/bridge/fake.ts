// A bridge without an app behind it, for design work and browser tests of the window alone. Questions steer it:
// [long] 20,000 tokens, [half] comes to a halt on the way, [table] a huge table, [xss] hostile Markdown, [fail] a
// failure; anything else gets a short answer. In the address: ?empty (a fresh library), ?welcomed,
// ?state=reading|unread|saved|failed, ?engine=loading|failed|noted, ?limit=N (context tokens),
// ?calibration=running|done|kept, ?theme=light|dark, ?language=de, ?turns=N (a conversation that long), ?large (its
// document has 5 MB). Added files fail or take their time by name: see fake-import.ts.
import type {
  AppEvent,
  Bridge,
  ContextUse,
  Conversation,
  ConversationSummary,
  DocumentRanges,
  Method,
  Params,
  Result,
  Turn,
} from '../../main/contract/index.js';
import { BridgeError } from './bridge-error.js';
import { checkedBackup, preparedBackup, restored } from './fake-backup.js';
import * as data from './fake-data.js';
import { hostile } from './fake-hostile.js';
import { fittingChoices, labelled, withRanges } from './fake-fitting.js';
import { calibrationState, forecastOf, runningCalibration } from './fake-calibration.js';
import { fakeImport } from './fake-import.js';
import { longAnswer, longConversation, longDocument } from './fake-long.js';
import { foundModels, startedDownload } from './fake-models.js';
import { savedReadings, seenPrompt } from './fake-readings.js';

type Handlers = { [M in Method]?: (params: Params<M>) => Result<M> | Promise<Result<M>> };

class FakeApp {
  readonly listeners = new Set<(event: AppEvent) => void>();
  readonly #options: URLSearchParams;
  #settings = { ...data.settings };
  #path: Turn[] = [];
  #stopped = false;
  #opened = 'c1';
  #ranges: DocumentRanges = {};
  #documents = data.documents;
  #conversations = data.conversations;

  constructor(options: URLSearchParams) {
    this.#options = options;
    this.#settings.theme = (options.get('theme') as 'dark' | null) ?? 'system';
    this.#settings.language = (options.get('language') as 'de' | null) ?? 'system';
    this.#settings.welcomed = options.has('welcomed');
    const [first, second] = data.answers as [string, string];
    if (options.has('empty')) {
      this.#documents = [];
      this.#conversations = [];
    }
    this.#path = [
      data.turn('t1', 'What is the access code of the gilded ferry?', first, {}),
      data.turn('t2', 'What does the ledger say about payment?', second, {
        parentId: 't1',
        siblingIds: ['t0', 't2', 't3'],
        sibling: 1,
      }),
    ];
    if (options.has('turns')) this.#path = longConversation(Number(options.get('turns')));
    if (options.has('large')) this.#documents = [longDocument, ...data.documents.slice(1)];
    if (options.get('state') === 'failed') this.#path.push(this.#failedTurn());
    if (options.get('state') === 'reading') this.#startReading();
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
    'engine.status': () => data.engineStatus(this.#options.get('engine')),
    'engine.load': () => data.engineStatus('ready'),
    'settings.get': () => this.#settings,
    'settings.set': ({ patch }) => {
      this.#settings = { ...this.#settings, ...patch };
      this.#emit({ type: 'settings', settings: this.#settings });
      return this.#settings;
    },
    'models.list': () => data.models,
    'models.find': () => foundModels,
    'models.downloads': () => [],
    'models.download': ({ url }) => {
      const download = startedDownload(url);
      this.#emit({ type: 'downloads', downloads: [download] });
      return download;
    },
    'models.stopDownload': () => {
      this.#emit({ type: 'downloads', downloads: [] });
      return {};
    },
    'library.list': () => ({ documents: this.#documents, conversations: this.#conversations }),
    'documents.get': ({ documentId }) => {
      const summary = this.#document(documentId);
      return { ...summary, anchors: data.anchorsOf(summary) };
    },
    'documents.text': ({ documentId, from, to }) => {
      const summary = this.#document(documentId);
      return Array.from({ length: to - from }, (_, at) => data.textOf(summary, from + at));
    },
    'search.find': () => ({ documents: [], turns: [] }),
    'documents.find': ({ documentId, query }) => data.findIn(this.#document(documentId), query),
    'conversations.create': ({ documentIds }) => this.#create(documentIds),
    'conversations.get': ({ conversationId }) => this.#conversation(conversationId),
    'conversations.setDocuments': ({ conversationId, documentIds }) => {
      const change = (each: ConversationSummary) =>
        each.id === conversationId ? { ...each, documentIds } : each;
      this.#conversations = this.#conversations.map(change);
      return this.#conversation(conversationId);
    },
    'conversations.rename': () => ({}),
    'conversations.remove': () => ({}),
    'documents.remove': () => ({}),
    'documents.cancelImport': () => ({}),
    'conversations.prompt': () => seenPrompt,
    'conversations.context': ({ draft }) => this.#context(draft),
    'conversations.fitting': ({ draft }) => fittingChoices(this.#context(draft), this.#documents),
    'conversations.measureRange': ({ documentId, range, draft }) => {
      const document = this.#document(documentId);
      const named = range ? labelled(document, range) : undefined;
      const { [documentId]: _now, ...others } = this.#ranges;
      const { documents, total, limit, fits } = this.#context(
        draft,
        named ? { ...others, [documentId]: named } : others,
      );
      const tokens = documents.find((each) => each.documentId === documentId)?.tokens ?? 0;
      return { range: named, tokens, total, limit, fits };
    },
    'conversations.setRange': ({ conversationId, documentId, range }) => {
      const { [documentId]: _before, ...others } = this.#ranges;
      const document = this.#document(documentId);
      this.#ranges = range ? { ...others, [documentId]: labelled(document, range) } : others;
      return this.#conversation(conversationId);
    },
    'levels.forecast': ({ conversationId }) =>
      forecastOf(this.#options.get('calibration'), conversationId === undefined ? null : 16_021),
    'calibration.state': () => calibrationState(this.#options.get('calibration')),
    'calibration.start': () => {
      this.#emit({ type: 'calibration', run: runningCalibration });
      return {};
    },
    'calibration.cancel': () => {
      this.#emit({ type: 'calibration', run: { state: 'idle' } });
      return {};
    },
    'calibration.keep': () => calibrationState('kept'),
    'calibration.discard': () => calibrationState(null),
    'calibration.reset': () => calibrationState(null),
    'backup.prepare': () => preparedBackup,
    'backup.forget': () => ({}),
    'backup.restore': () => restored,
    'readings.state': ({ conversationId }) => this.#reading(conversationId),
    'readings.saved': () => savedReadings,
    'readings.keep': () => savedReadings,
    'readings.remove': () => ({ ...savedReadings, readings: [] }),
    'readings.start': () => this.#startReading(),
    'readings.cancel': () => this.#stopReading(),
    'turns.ask': ({ question }) => this.#ask(question),
    'turns.stop': () => {
      this.#stopped = true;
      return {};
    },
    'turns.regenerate': () => this.#ask('Again'),
    'turns.edit': ({ question }) => this.#ask(question),
    'conversations.duplicate': ({ conversationId }) => this.#conversation(conversationId),
    'turns.select': () => this.#conversation('c1'),
  };

  importFile(name: string, importId: string): Promise<Result<'documents.import'>> {
    return fakeImport(name, importId, (event) => this.#emit(event)).then((document) => {
      this.#documents = [document, ...this.#documents];
      return document;
    });
  }

  #context(draft: string, ranges = this.#ranges): ContextUse {
    const opened = this.#conversations.find((each) => each.id === this.#opened);
    const limit = Number(this.#options.get('limit') ?? 131_072);
    const whole = data.context(opened?.documentIds ?? [], draft, limit);
    return withRanges(whole, this.#documents, ranges);
  }

  #document(id: string): Result<'documents.import'> {
    return this.#documents.find((each) => each.id === id)!;
  }

  #create(documentIds: string[]): Conversation {
    const id = `c${this.#conversations.length + 1}`;
    const summary = { ...data.conversations[2]!, id, title: '', documentIds, turnCount: 0 };
    this.#conversations = [summary, ...this.#conversations];
    return { ...summary, path: [] };
  }

  #emit(event: AppEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  #conversation(id: string): Conversation {
    const summary = this.#conversations.find((each) => each.id === id)!;
    this.#opened = id;
    return { ...summary, ranges: this.#ranges, path: id === 'c1' ? this.#path : [] };
  }

  #reading(conversationId: string): Result<'readings.state'> {
    const state = this.#options.get('state');
    if (state === 'reading') return { conversationId, status: 'reading' };
    if (state === 'saved') return { conversationId, ...data.reading, status: 'saved' };
    if (state === 'unread' || conversationId !== 'c1') return { conversationId, status: 'unread' };
    return { conversationId, ...data.reading };
  }

  #readDone = 0;
  #readTimer: ReturnType<typeof setInterval> | undefined;

  #startReading(): Record<string, never> {
    this.#readTimer = setInterval(() => this.#readStep(), 100);
    return {};
  }

  #stopReading(): Record<string, never> {
    clearInterval(this.#readTimer);
    const state = { conversationId: this.#opened, status: 'unread' } as const;
    this.#emit({ type: 'reading-state', state });
    return {};
  }

  #readStep(): void {
    this.#readDone = Math.min(16_021, this.#readDone + 53);
    this.#emit({
      type: 'reading',
      conversationId: this.#opened,
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
      failure: data.engineDied,
    });
  }

  #ask(question: string): Turn {
    const id = crypto.randomUUID();
    const parentId = this.#path.at(-1)?.id ?? null;
    const turn = data.turn(id, question, '', { parentId, state: 'answering', stats: undefined });
    this.#path = [...this.#path, turn];
    this.#stopped = false;
    void this.#stream(turn, question);
    return turn;
  }

  /** 2,000 tokens a second for a long answer, however busy the machine is; forty words a second otherwise. */
  async #stream(turn: Turn, question: string): Promise<void> {
    const answer = answerTo(question);
    const words = answer.match(/\S+\s*/g) ?? [];
    const begin = performance.now();
    let text = '';
    for (let at = 0; at < words.length && !this.#stopped;) {
      const long = words.length > 1000;
      await new Promise((resolve) => setTimeout(resolve, long ? 4 : 25));
      const due = long ? Math.ceil((performance.now() - begin) * 1.5) : at + 1;
      const piece = words.slice(at, due).join('');
      at = Math.max(at, due);
      text += piece;
      this.#emit({ type: 'token', conversationId: 'c1', turnId: turn.id, text: piece });
      // The second heading is at word 161.
      while (question.includes('[half]') && at > 200 && !this.#stopped)
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const failure = question.includes('[fail]') ? data.engineDied : undefined;
    const done: Turn = {
      ...turn,
      answer: text,
      state: failure ? 'failed' : this.#stopped ? 'stopped' : 'done',
      evidence: data.evidenceIn(text),
      ...(failure ? { failure } : { stats: data.stats }),
    };
    this.#path = this.#path.map((each) => (each.id === turn.id ? done : each));
    this.#emit({ type: 'turn', turn: done });
  }
}

function answerTo(question: string): string {
  if (question.includes('[xss]')) return hostile;
  if (/\[(long|half)\]/.test(question)) return longAnswer();
  if (question.includes('[table]')) return hugeTable();
  return data.answers[0]!;
}

/** 200 rows of 20 columns. */
function hugeTable(): string {
  const row = (cell: (column: number) => string) =>
    `| ${Array.from({ length: 20 }, (_, column) => cell(column)).join(' | ')} |`;
  const rows = Array.from({ length: 200 }, (_, line) => row((column) => `${line}.${column}`));
  return [row((column) => `Column ${column}`), row(() => '-:'), ...rows].join('\n');
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
    importFile: (file, importId) => app.importFile(file.name, importId),
    checkBackup: (file) => checkedBackup(file.name),
    pathOf: () => null,
  };
}
