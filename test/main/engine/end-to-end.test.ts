// The whole path without a window: services, engine process, addon, bundled model.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StartWorker } from '../../../main/contract/index.js';
import { newFolder, openApp, removeFolder, type TestApp } from '../services/app-fixture.js';
import { realEngine } from './real-engine.js';

const novel = readFileSync(new URL('../../fixtures/novel.txt', import.meta.url), 'utf8');
const fact = 'The access code of the gilded ferry is 48213.';
const question = 'What is the access code of the gilded ferry?';

/** About 3,000 tokens with the fact in the middle. */
const text = `${novel.slice(0, 6000)}\n\n${fact}\n\n${novel.slice(6000, 12_000)}`;

let app: TestApp;
let startWorker: StartWorker;
beforeAll(async () => {
  startWorker = await realEngine();
  app = await openApp(newFolder(), { startWorker });
});
afterAll(async () => {
  await app.close();
  removeFolder(app.folder);
});

test('finds a planted fact, follows up without reading again, and shares the reading', async () => {
  const document = await app.addText('novel.txt', text);
  const { id: conversationId } = await app.call('conversations.create', {
    documentIds: [document.id],
  });
  const use = await app.call('conversations.context', { conversationId, draft: question });
  expect(use.fits).toBe(true);
  const asked = await app.call('turns.ask', { conversationId, question });
  const turn = await app.finished(asked.id);
  expect(turn.failure).toBeUndefined();
  expect(turn.answer).toContain('48213');
  expect(turn.stats?.promptTokens).toBe(use.total - use.reply);
  const [model] = await app.call('models.list', {});
  expect(turn.stats).toMatchObject({ reusedTokens: 0, level: model?.defaultLevel });
  expect(turn.stats?.keptFraction).toHaveLength(model?.info?.layers ?? 0);

  const follow = await app.call('turns.ask', { conversationId, question });
  const second = await app.finished(follow.id);
  expect(second.stats?.readTokens).toBeLessThan(100);
  expect(second.stats?.keptFraction).toEqual(turn.stats?.keptFraction);

  const other = await app.call('conversations.create', { documentIds: [document.id] });
  const elsewhere = await app.call('turns.ask', { conversationId: other.id, question });
  const third = await app.finished(elsewhere.id);
  expect(third.stats?.readTokens).toBeLessThan(100);
  expect(third.answer).toBe(turn.answer);
});

test('after a restart the reading comes from disk, and the answer is the same', async () => {
  const [conversation] = (await app.call('library.list', {})).conversations;
  const { id: conversationId, path } = await app.call('conversations.get', {
    conversationId: conversation!.id,
  });
  await expect
    .poll(async () => (await app.call('readings.saved', {})).readings.length, { timeout: 60_000 })
    .toBe(1);
  const { keptPlaces } = await app.call('readings.state', { conversationId });
  expect(keptPlaces?.layers.length).toBeGreaterThan(0);
  const places = keptPlaces?.stretches.map(({ at }) => at) ?? [];
  expect(places).toEqual([...places].sort((a, b) => a - b));
  const [document] = (await app.call('library.list', {})).documents;
  expect(places.at(-1)! / document!.characters).toBeGreaterThan(0.9);
  expect(places.at(-1)).toBeLessThan(document!.characters);
  const { folder } = app;
  await app.close();
  app = await openApp(folder, { startWorker });
  expect(await app.call('readings.state', { conversationId })).toMatchObject({ status: 'saved' });
  const asked = await app.call('turns.regenerate', { turnId: path[0]!.id });
  const turn = await app.finished(asked.id);
  expect(turn.answer).toBe(path[0]!.answer);
  expect(turn.stats?.readTokens).toBeLessThan(100);
  expect(turn.stats?.restoredTokens).toBeGreaterThan(2000);
  // Of its last token nothing comes from disk.
  for (const [layer, share] of path[0]!.stats!.keptFraction.entries())
    expect(turn.stats?.keptFraction[layer]).toBeCloseTo(share, 2);
  expect(await app.call('readings.state', { conversationId })).toMatchObject({ keptPlaces });
});

test('a document that joins is read, and the one before it is not read again', async () => {
  const other = await app.addText('other.txt', `${novel.slice(20_000, 24_000)}`);
  const [first] = (await app.call('library.list', {})).documents.slice(-1);
  const { id: conversationId } = await app.call('conversations.create', {
    documentIds: [first!.id, other.id],
  });
  const asked = await app.call('turns.ask', { conversationId, question });
  const { stats } = await app.finished(asked.id);
  expect(stats?.reusedTokens).toBeGreaterThan(2000);
  expect(stats?.readTokens).toBeLessThan(2000);
});

test('the place an answer came from is shown, quoted or looked at', async () => {
  const { conversations } = await app.call('library.list', {});
  for (const { id: conversationId } of conversations) {
    const { path } = await app.call('conversations.get', { conversationId });
    const answered = path.filter(({ answer }) => answer.includes('48213'));
    for (const { evidence } of answered) {
      expect(evidence.length).toBeGreaterThan(0);
      const at = text.indexOf(fact);
      expect(evidence.some(({ start, end }) => start < at + fact.length && end > at)).toBe(true);
    }
  }
});

test('a part of a document is read alone, and its places are those of the whole', async () => {
  const chapters = `# One\n\n${novel.slice(0, 6000)}\n\n# Two\n\n${novel.slice(6000, 8000)}\n\n${fact}\n\n${novel.slice(8000, 10_000)}\n`;
  const document = await app.addText('chapters.md', chapters);
  const { anchors } = await app.call('documents.get', { documentId: document.id });
  expect(anchors.map(({ label }) => label)).toEqual(['One', 'Two']);
  const { id: conversationId } = await app.call('conversations.create', {
    documentIds: [document.id],
  });
  const range = { from: 1, to: 2 };
  await app.call('conversations.setRange', { conversationId, documentId: document.id, range });
  const use = await app.call('conversations.context', { conversationId, draft: question });
  const asked = await app.call('turns.ask', { conversationId, question });
  const turn = await app.finished(asked.id);
  expect(turn.stats?.promptTokens).toBe(use.total - use.reply);
  expect(turn.answer).toContain('48213');
  const whole = (
    await app.call('documents.text', { documentId: document.id, from: 0, to: 2 })
  ).join('');
  const at = whole.indexOf(fact);
  const right = turn.evidence.filter(({ start, end }) => start < at + fact.length && end > at);
  expect(right.length).toBeGreaterThan(0);
  for (const place of turn.evidence) {
    expect(place.start).toBeGreaterThanOrEqual(anchors[1]!.start);
    expect(place.anchorLabel).toBe('Two');
  }
});
