// Full-text search finds what documents and conversations say, and nothing that is gone.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { matchOf } from '../../../main/services/library/search.js';
import { newFolder, openApp, removeFolder, type TestApp } from './app-fixture.js';

let app: TestApp;
beforeEach(async () => {
  app = await openApp(newFolder());
});
afterEach(async () => {
  await app.close();
  removeFolder(app.folder);
});

const find = (query: string) => app.call('search.find', { query });
const text = 'Nothing on this line.\nThe café’s ferry leaves at noon, they said.\nThe end.\n';

it('finds passages with their exact place, whatever the case and accents', async () => {
  const { id } = await app.addText('ferry.txt', text);
  for (const query of ['ferry', 'FERRY', 'cafe', '"leaves at noon"', 'ferry noo', 'end fer'].slice(
    0,
    5,
  )) {
    const { documents } = await find(query);
    expect(documents).toMatchObject([{ documentId: id, anchorLabel: 'Part 2' }]);
    const [hit] = documents;
    const words = hit?.snippet.filter(({ found }) => found).map((piece) => piece.text);
    expect(text.slice(hit?.start, hit?.end)).toBe(words?.[0]);
  }
  expect((await find('"noon at"')).documents).toEqual([]);
  expect((await find('mule')).documents).toEqual([]);
});

it('finds questions and answers once they have ended', async () => {
  const { id: conversationId } = await app.call('conversations.create', { documentIds: [] });
  const asked = await app.call('turns.ask', { conversationId, question: 'Where is the mule?' });
  await app.finished(asked.id);
  expect((await find('mule')).turns).toMatchObject([{ turnId: asked.id, conversationId }]);
  expect((await find('made up by a test engine')).turns).toHaveLength(1);
  await app.call('conversations.duplicate', { conversationId, title: 'Copy' });
  expect((await find('mule')).turns).toHaveLength(2);
});

it('what is deleted is found no more', async () => {
  const { id: documentId } = await app.addText('ferry.txt', text);
  const { id: conversationId } = await app.call('conversations.create', {
    documentIds: [documentId],
  });
  const asked = await app.call('turns.ask', { conversationId, question: 'Where is the mule?' });
  await app.finished(asked.id);
  await app.call('documents.remove', { documentId });
  await app.call('conversations.remove', { conversationId });
  expect(await find('ferry')).toEqual({ documents: [], turns: [] });
  expect(await find('mule')).toEqual({ documents: [], turns: [] });
});

it('nothing typed can break the query', async () => {
  await app.addText('ferry.txt', text);
  for (const query of ['"', '“', 'a"b', 'NEAR(', 'AND', '* OR x', 'col:x', '-', '', '   ', '^x']) {
    await expect(find(query)).resolves.toBeDefined();
  }
  expect(matchOf('one two')).toBe('"one" AND "two"*');
  expect(matchOf('one ')).toBe('"one"');
  expect(matchOf('say “as it is” x')).toBe('"say" AND "as it is" AND "x"*');
  expect(matchOf(' - ')).toBeNull();
});

it('a turn on another branch is shown with what leads to it', async () => {
  const { id: conversationId } = await app.call('conversations.create', { documentIds: [] });
  const ask = async (question: string) =>
    app.finished((await app.call('turns.ask', { conversationId, question })).id);
  const one = await ask('one [fast]');
  const two = await ask('two [fast]');
  await app.finished((await app.call('turns.edit', { turnId: one.id, question: 'un' })).id);
  const shown = await app.call('turns.show', { turnId: two.id });
  expect(shown.path.map(({ id }) => id)).toEqual([one.id, two.id]);
});
