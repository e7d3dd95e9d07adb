// The tree of a conversation: questions changed, answers tried again, branches left and returned to, and copies.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newFolder, openApp, removeFolder, type TestApp } from './app-fixture.js';

let app: TestApp;
let conversationId: string;
beforeEach(async () => {
  app = await openApp(newFolder());
  const document = await app.addText('ferry.txt', 'The ferry crosses at noon. '.repeat(60));
  conversationId = (await app.call('conversations.create', { documentIds: [document.id] })).id;
});
afterEach(async () => {
  await app.close();
  removeFolder(app.folder);
});

const ask = async (question: string) => {
  const { id } = await app.call('turns.ask', { conversationId, question: `${question} [fast]` });
  return app.finished(id);
};
const path = async (id = conversationId) =>
  (await app.call('conversations.get', { conversationId: id })).path.map(({ question }) =>
    question.replace(' [fast]', ''),
  );

it('a changed question is a branch: what was there stays, and one goes back to it', async () => {
  await ask('one');
  const two = await ask('two');
  await ask('three');
  const asked = await app.call('turns.edit', { turnId: two.id, question: 'other [fast]' });
  const other = await app.finished(asked.id);
  expect(other).toMatchObject({ parentId: two.parentId, siblingIds: [two.id, other.id] });
  expect(await path()).toEqual(['one', 'other']);
  // The history before it is what the new question was asked after: nothing of it was read again.
  expect(other.stats?.readTokens).toBeLessThan(60);
  await app.call('turns.select', { turnId: two.id });
  expect(await path()).toEqual(['one', 'two', 'three']);
  await app.call('turns.select', { turnId: other.id });
  expect(await path()).toEqual(['one', 'other']);
});

it('the first question can be changed, too', async () => {
  const one = await ask('one');
  await app.finished((await app.call('turns.edit', { turnId: one.id, question: 'un' })).id);
  expect(await path()).toEqual(['un']);
});

it('a duplicate has the whole tree, and goes its own way', async () => {
  const one = await ask('one');
  await ask('two');
  await app.finished((await app.call('turns.regenerate', { turnId: one.id })).id);
  await app.call('turns.select', { turnId: one.id });
  const copy = await app.call('conversations.duplicate', { conversationId, title: 'Copy' });
  expect(copy).toMatchObject({ title: 'Copy', turnCount: 3 });
  expect(await path(copy.id)).toEqual(['one', 'two']);
  expect(copy.path[0]?.siblingIds).toHaveLength(2);
  expect(copy.path[0]?.answer).toBe(one.answer);
  expect(copy.path[0]?.id).not.toBe(one.id);
  await app.call('conversations.remove', { conversationId });
  expect(await path(copy.id)).toEqual(['one', 'two']);
});

it('going on from a turn copies what led to it and nothing else', async () => {
  await ask('one');
  const two = await ask('two');
  await ask('three');
  const copy = await app.call('conversations.duplicate', {
    conversationId,
    upTo: two.id,
    title: 'From two',
  });
  expect(await path(copy.id)).toEqual(['one', 'two']);
  expect(copy.turnCount).toBe(2);
  const shared = await app.call('turns.ask', { conversationId: copy.id, question: 'four [fast]' });
  expect((await app.finished(shared.id)).stats?.reusedTokens).toBeGreaterThan(300);
  expect(await path()).toEqual(['one', 'two', 'three']);
});
