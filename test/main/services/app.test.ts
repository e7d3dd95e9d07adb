import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FailureError } from '../../../main/contract/index.js';
import { newFolder, openApp, removeFolder, type TestApp } from './app-fixture.js';

const story = 'Once there was a ferry on the river.\nIts access code is 48213.\nThe end.\n';

let app: TestApp;
beforeEach(async () => {
  app = await openApp(newFolder());
});
afterEach(async () => {
  await app.close();
  removeFolder(app.folder);
});

async function conversationAbout(name: string, text: string): Promise<string> {
  const document = await app.addText(name, text);
  return (await app.call('conversations.create', { documentIds: [document.id] })).id;
}

async function failureOf(work: Promise<unknown>): Promise<FailureError['failure']> {
  return work.then(
    () => expect.fail('nothing failed'),
    (error: FailureError) => error.failure,
  );
}

describe('asking', () => {
  it('reads, streams and finishes with statistics', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const asked = await app.call('turns.ask', { conversationId, question: 'What is the code?' });
    expect(asked).toMatchObject({
      state: 'reading',
      parentId: null,
      answer: '',
      siblingIds: [asked.id],
    });
    const turn = await app.finished(asked.id);
    expect(turn).toMatchObject({ state: 'done', cut: false });
    const streamed = app.events
      .filter((event) => event.type === 'token' && event.turnId === asked.id)
      .map((event) => (event.type === 'token' ? event.text : ''));
    expect(streamed.join('')).toBe(turn.answer);
    expect(turn.stats).toMatchObject({ level: 75, reusedTokens: 0, model: 'Longleaf Mini' });
    expect(turn.stats?.keptFraction).toHaveLength(8);
    const states = app.events.flatMap((event) => (event.type === 'turn' ? [event.turn.state] : []));
    expect(states).toEqual(['reading', 'answering', 'done']);
    expect(app.events.some((e) => e.type === 'reading' && e.turnId === asked.id)).toBe(true);
    expect(await app.call('readings.state', { conversationId })).toMatchObject({
      status: 'read',
      level: 75,
    });
    const conversation = await app.call('conversations.get', { conversationId });
    expect(conversation).toMatchObject({ title: 'What is the code?', turnCount: 1 });
    expect(conversation.path).toEqual([turn]);
  });

  it('answers one question at a time', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const first = await app.call('turns.ask', { conversationId, question: '[slow] one' });
    const failure = await failureOf(app.call('turns.ask', { conversationId, question: 'two' }));
    expect(failure.code).toBe('busy');
    const [document] = (await app.call('library.list', {})).documents;
    const removal = app.call('documents.remove', { documentId: document?.id ?? '' });
    expect((await failureOf(removal)).code).toBe('busy');
    await app.call('turns.stop', { turnId: first.id });
    const { path } = await app.call('conversations.get', { conversationId });
    expect(path.map((turn) => turn.state)).toEqual(['stopped']);
  });

  it('stops in the middle of the answer and keeps what was said', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const asked = await app.call('turns.ask', { conversationId, question: '[slow] [fast-read]' });
    await app.until((event) => event.type === 'token');
    await app.call('turns.stop', { turnId: asked.id });
    const turn = await app.finished(asked.id);
    expect(turn.state).toBe('stopped');
    expect(turn.answer.length).toBeGreaterThan(0);
    expect(turn.stats).toBeDefined();
  });

  it('stops while reading, and the next question works', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const asked = await app.call('turns.ask', { conversationId, question: 'one' });
    await app.until((event) => event.type === 'reading');
    await app.call('turns.stop', { turnId: asked.id });
    expect(await app.finished(asked.id)).toMatchObject({ state: 'stopped', answer: '' });
    expect(await app.call('readings.state', { conversationId })).toMatchObject({
      status: 'unread',
    });
    const again = await app.call('turns.ask', { conversationId, question: 'two' });
    expect((await app.finished(again.id)).state).toBe('done');
  });

  it('says so when the answer reached the reply length', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    await app.call('settings.set', { patch: { replyTokens: 16 } });
    const asked = await app.call('turns.ask', { conversationId, question: '[fast]' });
    expect(await app.finished(asked.id)).toMatchObject({ state: 'done', cut: true });
  });

  it('ends as failed, with the reason, when the engine fails', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const asked = await app.call('turns.ask', { conversationId, question: '[oom]' });
    const turn = await app.finished(asked.id);
    expect(turn).toMatchObject({ state: 'failed', failure: { code: 'no_memory' } });
    const again = await app.call('turns.regenerate', { turnId: asked.id });
    expect(again).toMatchObject({
      question: '[oom]',
      sibling: 1,
      siblingIds: [asked.id, again.id],
    });
    await app.finished(again.id);
  });

  it('outlives the engine process', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const asked = await app.call('turns.ask', { conversationId, question: '[crash]' });
    const turn = await app.finished(asked.id);
    expect(turn).toMatchObject({ state: 'failed', failure: { code: 'engine_died' } });
    expect(turn.answer.length).toBeGreaterThan(0);
    expect(await app.call('engine.status', {})).toMatchObject({ state: 'failed' });
    const { path } = await app.call('conversations.get', { conversationId });
    expect(path).toEqual([turn]);
    const next = await app.call('turns.ask', { conversationId, question: 'still there?' });
    expect((await app.finished(next.id)).state).toBe('done');
  });
});

describe('a device that failed', () => {
  it('ends in a message and a new engine process, with the conversation as it was', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const before = await app.call('turns.ask', { conversationId, question: '[fast] one' });
    const first = await app.finished(before.id);
    const asked = await app.call('turns.ask', { conversationId, question: '[device-lost] two' });
    const turn = await app.finished(asked.id);
    expect(turn.failure).toMatchObject({
      code: 'device_lost',
      message: expect.stringContaining('The GPU failed') as string,
      hint: expect.stringContaining('Your conversation is saved') as string,
    });
    expect(await app.call('engine.status', {})).toMatchObject({
      state: 'failed',
      failure: { code: 'device_lost' },
    });
    expect(await app.call('readings.state', { conversationId })).toMatchObject({
      status: 'unread',
    });
    const { path } = await app.call('conversations.get', { conversationId });
    expect(path).toEqual([first, turn]);
    // A process with a lost device would fail again: this is another one, and it reads everything anew.
    const next = await app.call('turns.ask', { conversationId, question: '[fast] three' });
    const answered = await app.finished(next.id);
    expect(answered).toMatchObject({ state: 'done', stats: { reusedTokens: 0 } });
    expect(await app.call('engine.status', {})).toMatchObject({ state: 'ready' });
  });
});

describe('the context', () => {
  it('refuses with exact numbers instead of cutting', async () => {
    await app.close();
    app = await openApp(app.folder, { env: { LONGLEAF_FAKE_CONTEXT: '600' } });
    const conversationId = await conversationAbout('long.txt', 'word '.repeat(400));
    const use = await app.call('conversations.context', { conversationId, draft: 'Why?' });
    expect(use).toMatchObject({ limit: 600, reply: 512, question: 1, total: 1016, fits: false });
    expect(use.documents[0]?.tokens).toBe(500);
    const asked = await app.call('turns.ask', { conversationId, question: 'Why?' });
    const { failure } = await app.finished(asked.id);
    expect(failure?.code).toBe('context_full');
    expect(failure?.message).toContain('1,016 tokens and the model holds 600');
    await app.call('readings.start', { conversationId });
    const read = await app.until(
      (event) => event.type === 'reading-state' && event.state.status === 'read' && event.state,
    );
    expect(read.tokens).toBe(500);
  });
});

describe('what the model saw', () => {
  it('is the prompt of the turn, part by part, even when the documents changed since', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const { documentIds } = await app.call('conversations.get', { conversationId });
    const first = await app.call('turns.ask', { conversationId, question: 'one [fast]' });
    const { answer } = await app.finished(first.id);
    const second = await app.call('turns.ask', { conversationId, question: 'two [fast]' });
    const { stats } = await app.finished(second.id);
    await app.call('conversations.setDocuments', { conversationId, documentIds: [] });
    const seen = await app.call('conversations.prompt', { conversationId, turnId: second.id });
    expect(seen.parts.map(({ kind, text }) => [kind, text])).toEqual([
      ['document', story],
      ['history', 'one [fast]'],
      ['history', answer],
      ['question', 'two [fast]'],
    ]);
    expect(seen.parts[0]?.documentId).toBe(documentIds[0]);
    expect(stats?.documentIds).toEqual(documentIds);
    const next = await app.call('conversations.prompt', { conversationId, draft: 'three' });
    expect(next.parts.map(({ text }) => text).slice(-1)).toEqual(['three']);
    expect(next.parts.every(({ kind }) => kind !== 'document')).toBe(true);
    await app.call('documents.remove', { documentId: documentIds[0]! });
    const later = await app.call('conversations.prompt', { conversationId, turnId: second.id });
    expect(later.missing).toBe(1);
  });
});

describe('reading first', () => {
  it('reads once for several conversations and questions', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    await app.call('readings.start', { conversationId });
    expect(await app.call('readings.state', { conversationId })).toMatchObject({
      status: 'reading',
    });
    await app.until((e) => e.type === 'reading-state' && e.state.status === 'read');
    const { documentIds } = await app.call('conversations.get', { conversationId });
    const other = await app.call('conversations.create', { documentIds });
    expect(await app.call('readings.state', { conversationId: other.id })).toMatchObject({
      status: 'read',
    });
    const asked = await app.call('turns.ask', { conversationId: other.id, question: 'Well?' });
    const turn = await app.finished(asked.id);
    expect(turn.stats?.reusedTokens).toBeGreaterThan(0);
  });

  it('lets a question wait for the reading and shows its progress', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    await app.call('readings.start', { conversationId });
    const asked = await app.call('turns.ask', { conversationId, question: 'Well?' });
    const turn = await app.finished(asked.id);
    expect(turn.state).toBe('done');
    expect(turn.stats?.reusedTokens).toBeGreaterThan(0);
    const progress = app.events.filter((e) => e.type === 'reading' && e.turnId === asked.id);
    expect(progress.length).toBeGreaterThan(20);
  });

  it('stops a waiting question without stopping the reading', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    await app.call('readings.start', { conversationId });
    const asked = await app.call('turns.ask', { conversationId, question: 'Well?' });
    await app.call('turns.stop', { turnId: asked.id });
    expect((await app.finished(asked.id)).state).toBe('stopped');
    await app.until((e) => e.type === 'reading-state' && e.state.status === 'read');
  });

  it('is cancelled', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    await app.call('readings.start', { conversationId });
    await app.until((event) => event.type === 'reading');
    await app.call('readings.cancel', { conversationId });
    await app.until((e) => e.type === 'reading-state' && e.state.status === 'unread');
  });

  it('starts again when it is wanted before its cancelling has taken effect', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    await app.call('readings.start', { conversationId });
    await app.until((event) => event.type === 'reading');
    await app.call('readings.cancel', { conversationId });
    const state = await app.call('readings.state', { conversationId });
    expect(state.status).toBe('unread');
    await app.call('readings.start', { conversationId });
    await app.until((e) => e.type === 'reading-state' && e.state.status === 'read');
  });

  it('goes on when the documents are set to what they were', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    await app.call('readings.start', { conversationId });
    await app.until((event) => event.type === 'reading');
    const { documentIds } = await app.call('conversations.get', { conversationId });
    await app.call('conversations.setDocuments', { conversationId, documentIds });
    await app.until((e) => e.type === 'reading-state' && e.state.status === 'read');
  });

  it('is of the documents as they are in the end, however they changed meanwhile', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const { documentIds } = await app.call('conversations.get', { conversationId });
    const { id: other } = await app.addText('other.txt', 'Another story.\n');
    await app.call('readings.start', { conversationId });
    await app.until((event) => event.type === 'reading');
    for (const ids of [[...documentIds, other], documentIds]) {
      await app.call('conversations.setDocuments', { conversationId, documentIds: ids });
      await app.call('readings.start', { conversationId });
    }
    await app.until((e) => e.type === 'reading-state' && e.state.status === 'read');
    expect(await app.call('readings.state', { conversationId })).toMatchObject({ status: 'read' });
  });

  it('is unread, with the old level, after the slider moved', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    await app.call('readings.start', { conversationId });
    await app.until((e) => e.type === 'reading-state' && e.state.status === 'read');
    await app.call('settings.set', { patch: { level: 60 } });
    expect(await app.call('readings.state', { conversationId })).toMatchObject({
      status: 'unread',
      level: 75,
    });
    await app.call('settings.set', { patch: { level: 75, kvType: 'q8_0' } });
    await app.until((e) => e.type === 'engine' && e.status.state === 'idle');
    const state = await app.call('readings.state', { conversationId });
    expect(state).toEqual({ conversationId, status: 'unread' });
  });

  it('fails with a reason when the engine dies', async () => {
    const conversationId = await conversationAbout('ferry.txt', story);
    const asked = await app.call('turns.ask', { conversationId, question: '[crash-reading]' });
    expect((await app.finished(asked.id)).failure?.code).toBe('engine_died');
    expect(await app.call('readings.state', { conversationId })).toMatchObject({
      status: 'unread',
    });
  });
});
