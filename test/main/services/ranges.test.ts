// A conversation about a part of a document: what the model gets, what it costs, where evidence points, and which
// readings it shares.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Turn } from '../../../main/contract/index.js';
import { newFolder, openApp, removeFolder, type TestApp } from './app-fixture.js';

/** Part n says n, in about forty tokens; one anchor each (app-fixture.ts). */
const part = (n: number) =>
  `Part ${n} tells of crossing ${n}00, and how the ferry came over the river with barrels and hay.`;
const book = Array.from({ length: 40 }, (_, at) => `${part(at + 1)} ${'It rained. '.repeat(8)}\n`);

let folder: string;
let app: TestApp;
let documentId: string;
let conversationId: string;
beforeEach(async () => {
  folder = newFolder();
  app = await openApp(folder);
  ({ id: documentId } = await app.addText('book.txt', book.join('')));
  ({ id: conversationId } = await app.call('conversations.create', { documentIds: [documentId] }));
});
afterEach(async () => {
  await app.close();
  removeFolder(folder);
});

const setRange = (range: { from: number; to: number } | null, of = conversationId) =>
  app.call('conversations.setRange', { conversationId: of, documentId, range });
const context = (of = conversationId) =>
  app.call('conversations.context', { conversationId: of, draft: '' });

async function ask(question: string, of = conversationId): Promise<Turn> {
  const { id } = await app.call('turns.ask', { conversationId: of, question });
  return app.finished(id);
}

describe('a range', () => {
  it('is kept with the conversation, under the names of its ends, and costs less', async () => {
    const whole = await context();
    const { ranges } = await setRange({ from: 9, to: 20 });
    expect(ranges).toEqual({
      [documentId]: { from: 9, to: 20, first: 'Part 10', last: 'Part 20' },
    });
    const use = await context();
    expect(use.documents[0]!.tokens).toBeLessThan(whole.documents[0]!.tokens / 3);
    await app.close();
    app = await openApp(folder);
    const listed = (await app.call('library.list', {})).conversations[0];
    expect(listed?.ranges).toEqual(ranges);
    expect((await setRange(null)).ranges).toBeUndefined();
    expect((await context()).total).toBe(whole.total);
  });

  it('stays when another document joins, and goes along into a copy', async () => {
    await setRange({ from: 3, to: 5 });
    const other = await app.addText('other.txt', 'Something else.');
    const joined = await app.call('conversations.setDocuments', {
      conversationId,
      documentIds: [other.id, documentId],
    });
    expect(joined.documentIds).toEqual([other.id, documentId]);
    expect(joined.ranges?.[documentId]).toMatchObject({ from: 3, to: 5 });
    const copy = await app.call('conversations.duplicate', { conversationId, title: 'Copy' });
    expect(copy.ranges).toEqual(joined.ranges);
  });

  it('is pictured where it stands in the document', async () => {
    await setRange({ from: 9, to: 20 });
    await app.call('settings.set', { patch: { level: 50 } });
    await ask('Why?');
    const { keptPlaces } = await app.call('readings.state', { conversationId });
    const { anchors } = await app.call('documents.get', { documentId });
    expect(keptPlaces?.stretches[0]).toEqual({ document: 0, at: anchors[9]?.start });
  });

  it('that covers everything is the whole document', async () => {
    expect((await setRange({ from: 0, to: 40 })).ranges).toBeUndefined();
  });

  it('is refused when it ends before it begins, or lies outside, or holds no text', async () => {
    await expect(setRange({ from: 20, to: 9 })).rejects.toThrow('ends before it begins');
    await expect(setRange({ from: 9, to: 9 })).rejects.toThrow('ends before it begins');
    await expect(setRange({ from: 9, to: 41 })).rejects.toThrow('not that long');
    const blank = await app.addText('blank.txt', 'Words.\n \u00a0\u2003 \n');
    const { anchors } = await app.call('documents.get', { documentId: blank.id });
    expect(anchors).toHaveLength(2);
    await app.call('conversations.setDocuments', { conversationId, documentIds: [blank.id] });
    await expect(
      app.call('conversations.setRange', {
        conversationId,
        documentId: blank.id,
        range: { from: 1, to: 2 },
      }),
    ).rejects.toThrow('no text in this part');
    await expect(setRange({ from: 1, to: 2 })).rejects.toThrow('not part of the conversation');
    expect((await app.call('conversations.get', { conversationId })).ranges).toBeUndefined();
  });
});

describe('an answer about a range', () => {
  it('quotes and looks at places of the whole document', async () => {
    await setRange({ from: 19, to: 25 });
    const turn = await ask('Say it. [quote] [fast]');
    expect(turn.answer).toContain(part(20));
    const [quoted] = turn.evidence;
    const start = book.join('').indexOf(part(20));
    expect(quoted).toMatchObject({ documentId, start, anchorLabel: 'Part 20' });
    const { anchors } = await app.call('documents.get', { documentId });
    expect(anchors[19]).toMatchObject({ start });
    expect(turn.stats?.ranges?.[documentId]).toMatchObject({ from: 19, to: 25 });
  });

  it('shows exactly that part as what the model saw, also after the range has changed', async () => {
    await setRange({ from: 19, to: 20 });
    const turn = await ask('What is this? [fast]');
    await setRange({ from: 0, to: 3 });
    const prompt = (turnId?: string) =>
      app.call('conversations.prompt', { conversationId, turnId, draft: '' });
    const seen = (await prompt(turn.id)).parts.find(({ kind }) => kind === 'document');
    expect(seen?.text).toBe(book[19]);
    expect(seen?.range).toEqual({ from: 19, to: 20, first: 'Part 20', last: 'Part 20' });
    const next = (await prompt()).parts.find(({ kind }) => kind === 'document');
    expect(next?.text).toBe(book.slice(0, 3).join(''));
    expect(next?.range).toMatchObject({ first: 'Part 1', last: 'Part 3' });
  });
});

describe('readings of ranges', () => {
  const saved = async () => (await app.call('readings.saved', {})).readings;
  const status = async (of = conversationId) =>
    (await app.call('readings.state', { conversationId: of })).status;

  it('are told from the whole, and shared by conversations about the same range', async () => {
    await ask('All? [fast]');
    await expect.poll(async () => (await saved()).length, { timeout: 10_000 }).toBe(1);
    await setRange({ from: 0, to: 20 });
    expect(await status()).toBe('unread');
    await ask('Half? [fast]');
    await expect.poll(async () => (await saved()).length, { timeout: 10_000 }).toBe(2);
    const other = await app.call('conversations.create', { documentIds: [documentId] });
    expect(await status(other.id)).toBe('saved');
    await setRange({ from: 0, to: 20 }, other.id);
    expect(await status(other.id)).toBe('read');
    const shared = await ask('Half, elsewhere? [fast]', other.id);
    expect(shared.stats?.readTokens).toBeLessThan(100);
    expect(shared.stats?.reusedTokens).toBeGreaterThan(200);
    const ranges = (await saved()).map((each) => each.ranges?.[documentId]?.last);
    expect(ranges.sort()).toEqual(['Part 20', undefined]);
  });

  it('go with the document', async () => {
    await setRange({ from: 0, to: 20 });
    await ask('Half? [fast]');
    await expect.poll(async () => (await saved()).length, { timeout: 10_000 }).toBe(1);
    await app.call('documents.remove', { documentId });
    expect(await saved()).toEqual([]);
  });
});

describe('what would fit', () => {
  const fitting = (draft = '') => app.call('conversations.fitting', { conversationId, draft });

  it('offers nothing when everything fits', async () => {
    expect(await fitting()).toEqual({ over: 0, documents: [], ranges: [], models: [] });
  });

  it('offers the longest beginning that fits, measured and not guessed', async () => {
    await app.close();
    app = await openApp(folder, { env: { LONGLEAF_FAKE_CONTEXT: '1500' } });
    const use = await context();
    expect(use.fits).toBe(false);
    const { over, documents, ranges } = await fitting();
    expect(over).toBe(use.total - use.limit);
    expect(documents).toEqual([]); // the only one cannot be given up
    const [suggested] = ranges;
    const { from, to } = suggested!.range;
    expect(from).toBe(0);
    const measure = (end: number) =>
      app.call('conversations.measureRange', {
        conversationId,
        documentId,
        draft: '',
        range: { from, to: end },
      });
    expect(await measure(to)).toMatchObject({ fits: true, tokens: suggested!.tokens });
    expect(await measure(to + 1)).toMatchObject({ fits: false });
    await setRange({ from, to });
    expect(await context()).toMatchObject({ fits: true });
    expect(await fitting()).toMatchObject({ over: 0 });
  });

  it('offers documents to give up, and says which would do alone', async () => {
    await app.close();
    app = await openApp(folder, { env: { LONGLEAF_FAKE_CONTEXT: '3000' } });
    const small = await app.addText('small.txt', 'A few words only.');
    const documentIds = [documentId, small.id];
    await app.call('conversations.setDocuments', { conversationId, documentIds });
    await app.call('settings.set', { patch: { replyTokens: 2048 } });
    const { documents } = await fitting();
    expect(documents).toMatchObject([
      { documentId, enough: true },
      { documentId: small.id, enough: false },
    ]);
  });

  it('offers 8 bits when memory is the limit, and more context when a setting is', async () => {
    await app.close();
    app = await openApp(folder, { env: { LONGLEAF_FAKE_CONTEXT: '1500' } });
    const { q8, context: roomier } = await fitting();
    expect(q8).toBeGreaterThan(1500);
    expect(roomier).toBeUndefined();
    await app.call('settings.set', { patch: { allowQ8Kv: true } });
    expect((await fitting()).q8).toBeUndefined();
    await app.call('settings.set', { patch: { contextTokens: 1500 } });
    expect(await fitting()).toMatchObject({ context: 131_072 });
  });
});
