// The server is killed as a power cut would do it, at moments no one chose, and started again on the same data.
import type { Page } from '@playwright/test';
import type { Turn } from '../../main/contract/index.js';
import { factAnswer, factQuestion, storyPdf } from '../fixtures/documents/story.js';
import { Api, answerEndlessly, answerPlainly } from './api.js';
import { enter, expect, test } from './longleaf.js';
import { canFindProcesses, type Server } from './server.js';
import * as window from './window.js';
import { words } from './window.js';

test.skip(!canFindProcesses, 'Waiting for the workers’ end needs /proc');

const writtenWithinMs = 500;

const anyMoment = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.random() * ms));

/** Kills the server, starts it again and comes in there, at the same conversation. */
async function surviveKill(page: Page, server: Server, conversation: string): Promise<void> {
  await server.kill();
  await expect(page.getByText(words.app.connectionLost)).toBeVisible();
  await server.start();
  await enter(page, server, conversation);
}

async function withApi<T>(page: Page, server: Server, use: (api: Api) => Promise<T>): Promise<T> {
  const api = await Api.open(page, server);
  try {
    return await use(api);
  } finally {
    api.close();
  }
}

const pathOf = (page: Page, server: Server, conversationId: string): Promise<Turn[]> =>
  withApi(
    page,
    server,
    async (api) => (await api.call('conversations.get', { conversationId })).path,
  );

test('killed in the middle of an answer, the conversation is whole', async ({ page, server }) => {
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 1, factOn: 1 }))]);
  await window.read(page);
  await window.ask(page, factQuestion);
  await window.answered(page);
  const conversation = window.conversationId(page);
  const [whole] = await pathOf(page, server, conversation);
  await withApi(page, server, (api) => answerEndlessly(api, server));

  await window.ask(page, 'Tell me everything.');
  await expect(window.answer(page)).toHaveText(/\S/);
  await anyMoment(3 * writtenWithinMs);
  const [, streaming] = await pathOf(page, server, conversation);
  await surviveKill(page, server, conversation);

  await expect(window.turns(page)).toHaveCount(2);
  const [first, second] = await pathOf(page, server, conversation);
  expect(first).toEqual(whole);
  expect(second).toMatchObject({ question: 'Tell me everything.', state: 'stopped' });
  expect(second?.answer.startsWith(streaming?.answer ?? '')).toBe(true);
  await expect(window.turns(page).last()).toContainText(
    second?.answer ? words.chat.turn.stopped : words.chat.turn.stoppedEmpty,
  );
  await withApi(page, server, answerPlainly);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
});

test('killed while files come in and are read, nothing is half there', async ({ page, server }) => {
  await window.pick(page, [window.file('first.pdf', storyPdf({ pages: 1, title: 'First' }))]);
  await window.read(page);
  const conversation = window.conversationId(page);
  for (let round = 1; round <= 2; round += 1) {
    const story = storyPdf({ pages: 2, from: 45 * round, title: `Round ${round}` });
    const before = await window.documents(page).count();
    await window.pick(page, [window.file(`${round}.pdf`, story)]);
    await anyMoment(1500);
    await surviveKill(page, server, conversation);
    await expect(window.documents(page).first()).toContainText('First');
    expect(await window.documents(page).count()).toBeGreaterThanOrEqual(before);
    await expectLibraryWhole(page, server);
  }
  await window.ask(page, 'Who is the captain?');
  await expect(window.answer(page)).toHaveText(/\S/);
});

/** Every document the library lists gives its anchors and its whole text. */
async function expectLibraryWhole(page: Page, server: Server): Promise<void> {
  await withApi(page, server, async (api) => {
    const { documents } = await api.call('library.list', {});
    expect(documents.length).toBeGreaterThan(0);
    for (const { id, characters, anchorCount } of documents) {
      const { anchors } = await api.call('documents.get', { documentId: id });
      expect(anchors).toHaveLength(anchorCount);
      const texts = await api.call('documents.text', { documentId: id, from: 0, to: anchorCount });
      expect(texts.join('')).toHaveLength(characters);
    }
  });
}
