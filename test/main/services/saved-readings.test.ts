// Readings outlive the app: what is on disk is used, replaced, given up and shown.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Turn } from '../../../main/contract/index.js';
import { newFolder, openApp, removeFolder, type TestApp } from './app-fixture.js';

/** More than the fewest tokens worth a file. */
const story = 'Once there was a ferry on the river, and its access code was 48213. '.repeat(40);

let folder: string;
let app: TestApp;
beforeEach(async () => {
  folder = newFolder();
  app = await openApp(folder);
});
afterEach(async () => {
  await app.close();
  removeFolder(folder);
});

const files = () => readdirSync(join(folder, 'readings'));
const saved = () => app.call('readings.saved', {});

async function conversationAbout(...texts: string[]): Promise<string> {
  const documentIds: string[] = [];
  for (const text of texts) {
    documentIds.push((await app.addText(`${text.slice(0, 4)}${text.length}.txt`, text)).id);
  }
  return (await app.call('conversations.create', { documentIds })).id;
}

async function ask(conversationId: string, question = 'What is the code? [fast]'): Promise<Turn> {
  const { id } = await app.call('turns.ask', { conversationId, question });
  return app.finished(id);
}

async function untilSaved(count: number): Promise<void> {
  await expect.poll(async () => (await saved()).readings.length, { timeout: 10_000 }).toBe(count);
}

async function reopen(): Promise<void> {
  await app.close();
  app = await openApp(folder);
}

it('the first question after a restart reads nothing of the document', async () => {
  const conversationId = await conversationAbout(story);
  const first = await ask(conversationId);
  expect(first.stats?.readTokens).toBeGreaterThan(256);
  await untilSaved(1);
  await reopen();
  expect(await app.call('readings.state', { conversationId })).toMatchObject({
    status: 'saved',
    level: 75,
  });
  const again = await ask(conversationId);
  expect(again.stats?.restoredTokens).toBeGreaterThan(256);
  expect(again.stats?.readTokens).toBeLessThan(100);
  expect((await saved()).readings).toHaveLength(1);
});

it('opening takes the reading from disk, and says what reading it had taken', async () => {
  const conversationId = await conversationAbout(story);
  await ask(conversationId);
  await untilSaved(1);
  await reopen();
  await app.call('readings.start', { conversationId });
  const state = await app.until((event) =>
    event.type === 'reading-state' && event.state.status === 'read' ? event.state : undefined,
  );
  expect(state.restoredSeconds).toBe(0.01);
  expect(state.keptPlaces?.layers.map(({ layer }) => layer)).toEqual([2, 3, 4, 5]);
  expect(state.seconds).toBe((await saved()).readings[0]?.seconds);
});

it('a damaged file is deleted, the document read again, and saved again', async () => {
  const conversationId = await conversationAbout(story);
  await ask(conversationId);
  await untilSaved(1);
  await app.close();
  const [name] = files() as [string];
  writeFileSync(join(folder, 'readings', name), 'nonsense');
  app = await openApp(folder);
  const again = await ask(conversationId);
  expect(again.state).toBe('done');
  expect(again.stats?.restoredTokens).toBeUndefined();
  await untilSaved(1);
  expect(files()).not.toContain(name);
});

it('another level has a reading of its own', async () => {
  const conversationId = await conversationAbout(story);
  await ask(conversationId);
  await untilSaved(1);
  await app.call('settings.set', { patch: { level: 60 } });
  expect(await app.call('readings.state', { conversationId })).toMatchObject({ status: 'unread' });
  await ask(conversationId);
  await untilSaved(2);
  await app.call('settings.set', { patch: { level: 75 } });
  expect(await app.call('readings.state', { conversationId })).toMatchObject({ status: 'saved' });
});

it('the least recently used is given up for a new one, but not what is kept', async () => {
  const about = [await conversationAbout(story), await conversationAbout(`${story}2`)] as const;
  await ask(about[0]);
  await untilSaved(1);
  await ask(about[1]);
  await untilSaved(2);
  const [newer, older] = (await saved()).readings;
  if (!newer || !older) throw new Error('not both are saved');
  await app.call('readings.keep', { readingId: older.id, keep: true });
  // Room for the one that is kept only.
  await app.call('settings.set', { patch: { readingsBytes: older.bytes + 1 } });
  expect((await saved()).readings).toMatchObject([{ id: older.id, keep: true }]);
  expect(files()).toEqual([older.id]);
  expect(files()).not.toContain(newer.id);
  // What does not fit beside it is not saved, and the reason is told.
  await ask(await conversationAbout(`${story}3`));
  await expect.poll(async () => (await saved()).failure?.code).toBe('storage');
  expect(files()).toEqual([older.id]);
  await app.call('readings.remove', { readingId: older.id });
  expect(files()).toEqual([]);
});

it('a deleted document takes its readings along', async () => {
  const conversationId = await conversationAbout(story, `${story}b`);
  await ask(conversationId);
  await untilSaved(1);
  const { documentIds } = await app.call('conversations.get', { conversationId });
  await app.call('documents.remove', { documentId: documentIds[1]! });
  expect(files()).toEqual([]);
  expect(await saved()).toMatchObject({ readings: [], bytes: 0 });
});

it('what a killed process left behind is cleared away', async () => {
  const conversationId = await conversationAbout(story);
  await ask(conversationId);
  await untilSaved(1);
  await app.close();
  const [name] = files() as [string];
  writeFileSync(join(folder, 'readings', 'abc.part'), 'half');
  writeFileSync(join(folder, 'readings', 'unknown'), 'whose?');
  app = await openApp(folder);
  expect(files()).toEqual([name]);
});

it('nothing is saved without room, nor for a short text', async () => {
  const short = await conversationAbout('Short. The code is 48213.');
  await ask(short);
  await app.call('settings.set', { patch: { readingsBytes: 0 } });
  await ask(await conversationAbout(story));
  await app.call('conversations.context', { conversationId: short, draft: '' });
  expect(await saved()).toEqual({ readings: [], bytes: 0, limit: 0 });
  expect(files()).toEqual([]);
});
