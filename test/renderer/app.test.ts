// The window's state behind a bridge that answers and tells what the test decides.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type {
  AppEvent,
  DocumentSummary,
  EngineStatus,
  ModelCard,
  Turn,
} from '../../main/contract/index.js';
import { defaultSettings } from '../../main/contract/index.js';
import { AppStore } from '../../renderer/app.svelte.js';
import { BridgeError } from '../../renderer/bridge/bridge-error.js';
import { settle, TestBridge } from './bridge.js';
import { conversation, turn } from './chat/samples.js';
import { stubFrames, type Frames } from './frames.js';

let frames: Frames;
let bridge: TestBridge;
let app: AppStore;

const loading = (fraction: number): EngineStatus => ({ state: 'loading', modelId: 'm', fraction });
const contextUse = {
  documents: [],
  history: 0,
  question: 1,
  template: 1,
  reply: 10,
  total: 12,
  limit: 100,
  fits: true,
};

beforeEach(async () => {
  frames = stubFrames();
  bridge = new TestBridge({
    'settings.get': () => defaultSettings,
    'engine.status': () => ({ state: 'idle' }),
    'models.list': () => [],
    'models.downloads': () => [],
    'app.info': () => ({
      version: '1',
      shell: 'browser',
      platform: 'linux',
      cores: 2,
      memoryBytes: 1,
      dataFolder: '/data',
    }),
    'library.list': () => ({ documents: [], conversations: [] }),
    'calibration.state': () => ({ run: { state: 'idle' }, model: null }),
    'conversations.get': ({ conversationId }) =>
      conversation([turn('a', { state: 'done' })], { id: conversationId }),
    'readings.state': ({ conversationId }) => ({ conversationId, status: 'read' }),
    'conversations.context': () => contextUse,
    'turns.ask': () => turn('b', { parentId: 'a' }),
  });
  app = new AppStore(bridge);
  await app.start();
  await app.openConversation('c1');
});
afterEach(() => frames.end());

const token = (text: string): AppEvent => ({
  type: 'token',
  conversationId: 'c1',
  turnId: 'b',
  text,
});
const answers = () => app.chat.path.map(({ answer }) => answer);

test('a thousand tokens between two frames change the state once', async () => {
  app.chat.setDraft('Why?');
  await app.chat.ask();
  const before = app.chat.state;
  for (let at = 0; at < 1000; at += 1) bridge.send(token('x'));
  expect(app.chat.state).toBe(before);
  frames.next();
  expect(answers()).toEqual(['', 'x'.repeat(1000)]);
});

test('events that overtake the result of Ask are kept, and nothing is shown twice', async () => {
  bridge.answers['turns.ask'] = () => {
    bridge.send({ type: 'turn', turn: turn('b', { parentId: 'a' }) });
    bridge.send(token('Early '));
    return turn('b', { parentId: 'a' });
  };
  app.chat.setDraft('Why?');
  await app.chat.ask();
  bridge.send(token('and late.'));
  frames.next();
  expect(answers()).toEqual(['', 'Early and late.']);
  expect(app.chat.busyTurn?.id).toBe('b');
});

test('Ask takes the draft, and gives it back when it is refused', async () => {
  bridge.answers['turns.ask'] = () => {
    throw new BridgeError({ code: 'busy', message: 'One answer at a time.' });
  };
  app.chat.setDraft('  Why?  ');
  await app.chat.ask();
  expect(bridge.called('turns.ask')).toEqual([{ conversationId: 'c1', question: 'Why?' }]);
  expect(app.chat.draft).toBe('Why?');
  expect(app.notices.items).toMatchObject([{ kind: 'failure', text: 'One answer at a time.' }]);
});

test('reading and stopping that are refused say so', async () => {
  app.chat.receive({ type: 'turn', turn: turn('b', { parentId: 'a', state: 'answering' }) });
  frames.next();
  const refused = [
    ['readings.start', () => app.chat.startReading()],
    ['readings.cancel', () => app.chat.cancelReading()],
    ['turns.stop', () => app.chat.stop()],
  ] as const;
  for (const [method, act] of refused) {
    bridge.answers[method] = () => {
      throw new BridgeError({ code: 'unreachable', message: `${method} got lost.` });
    };
    await act();
    expect(bridge.called(method)).toHaveLength(1);
    expect(app.notices.items.at(-1)).toMatchObject({
      kind: 'failure',
      text: `${method} got lost.`,
    });
  }
});

test('events of another conversation leave this one alone', () => {
  const before = app.chat.state;
  const other: Turn = turn('z', { conversationId: 'c2' });
  bridge.send({ type: 'turn', turn: other });
  bridge.send({ type: 'reading-state', state: { conversationId: 'c2', status: 'unread' } });
  frames.next();
  expect(app.chat.state).toBe(before);
});

test('events queued for a conversation do not reach the one opened after it', async () => {
  bridge.send({ type: 'turn', turn: turn('b', { parentId: 'a' }) });
  await app.openConversation('c2');
  frames.next();
  expect(app.chat.path.map(({ id }) => id)).toEqual(['a']);
});

test('drafts stay with their conversations', async () => {
  app.chat.setDraft('Half a question');
  await app.openConversation('c2');
  expect(app.chat.draft).toBe('');
  await app.openConversation('c1');
  expect(app.chat.draft).toBe('Half a question');
});

test('loading a model is shown once per frame, and a result is newer than queued events', async () => {
  for (const fraction of [0.1, 0.2, 0.3])
    bridge.send({ type: 'engine', status: loading(fraction) });
  expect(app.engine.status.state).toBe('idle');
  frames.next();
  expect(app.engine.status).toEqual(loading(0.3));
  bridge.answers['engine.load'] = () => {
    bridge.send({ type: 'engine', status: loading(0.9) });
    return { state: 'idle' };
  };
  await app.engine.loadModel();
  frames.next();
  expect(app.engine.status.state).toBe('idle');
});

test('after a lost connection everything is asked for again, the draft kept', async () => {
  app.chat.setDraft('Unsent');
  bridge.connect(false);
  expect(app.connected).toBe(false);
  bridge.calls.length = 0;
  bridge.connect(true);
  await settle();
  expect(bridge.called('library.list')).toHaveLength(1);
  expect(bridge.called('conversations.get')).toHaveLength(1);
  expect(app.chat.draft).toBe('Unsent');
});

test('settings show at once and go back when the app refuses them', async () => {
  bridge.answers['settings.set'] = () => {
    throw new BridgeError({ code: 'storage', message: 'The disk is full.' });
  };
  const saved = app.settings.set({ theme: 'dark' });
  expect(app.settings.value?.theme).toBe('dark');
  await saved;
  expect(app.settings.value?.theme).toBe('system');
  expect(app.notices.items).toMatchObject([{ text: 'The disk is full.' }]);
});

test('a deleted conversation can be brought back until its notice goes', async () => {
  const summary = { ...conversation([]), id: 'c9', title: 'Old' };
  bridge.answers['library.list'] = () => ({ documents: [], conversations: [summary] });
  bridge.answers['conversations.remove'] = () => ({});
  await app.library.load();
  app.library.removeConversation(summary);
  expect(app.library.conversations).toEqual([]);
  app.notices.act(app.notices.items[0]!.id);
  expect(app.library.conversations).toHaveLength(1);
  expect(bridge.called('conversations.remove')).toEqual([]);
  app.library.removeConversation(summary);
  app.notices.flush();
  expect(bridge.called('conversations.remove')).toEqual([{ conversationId: 'c9' }]);
});

test('only the last count of the context is asked for while one is under way', async () => {
  let release = () => {};
  bridge.calls.length = 0;
  bridge.answers['conversations.context'] = () =>
    new Promise((resolve) => {
      release = () => resolve(contextUse);
    });
  for (let times = 0; times < 5; times += 1) app.chat.context.refresh();
  expect(bridge.called('conversations.context')).toHaveLength(1);
  expect(app.chat.context.stale).toBe(true);
  release();
  await settle();
  expect(bridge.called('conversations.context')).toHaveLength(2);
  release();
  await settle();
  expect(bridge.called('conversations.context')).toHaveLength(2);
  expect(app.chat.context).toMatchObject({ stale: false, use: { total: 12 } });
});

test('files that are here already are named, so that nothing happening is no riddle', async () => {
  const ids = ['new', 'other', 'new'];
  bridge.importFile = (file) =>
    Promise.resolve({ id: ids.shift()!, title: file.name } as DocumentSummary);
  bridge.answers['conversations.setDocuments'] = ({ documentIds }) =>
    conversation([turn('a', { state: 'done' })], { id: 'c1', documentIds });
  const add = (...names: string[]) => app.importFiles(names.map((name) => new File(['x'], name)));
  await add('one', 'two', 'one again');
  expect(app.notices.items).toMatchObject([{ text: '“one again” is here already.' }]);
  ids.push('new', 'other');
  await add('one', 'two');
  expect(app.notices.items.at(-1)).toMatchObject({ text: '2 of these files are here already.' });
});

test('a dropped model joins the list, and says when its place is not known', async () => {
  await app.importFiles([new File(['x'], 'model.GGUF')]);
  expect(app.notices.items.at(-1)?.text).toContain('place on disk is not known');
  bridge.pathOf = () => '/models/model.gguf';
  bridge.answers['models.add'] = ({ path }) => ({ title: 'A model', path }) as ModelCard;
  await app.importFiles([new File(['x'], 'model.gguf')]);
  expect(app.notices.items.at(-1)?.text).toBe('“A model” was added to the models.');
});
