// A document that was read once is not read again: not after a restart, and not when it is asked at once.
import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { factAnswer, factQuestion, storyPdf } from '../fixtures/documents/story.js';
import { Api } from './api.js';
import { enter, expect, picture, test } from './longleaf.js';
import type { Server } from './server.js';
import * as window from './window.js';
import { words } from './window.js';

const folderOf = (dataFolder: string) => join(dataFolder, 'readings');
const story = storyPdf({ pages: 6, factOn: 3 });

/** Reads the story, waits for its file, and stops the app. The conversation's id. */
async function readAndStop(page: Page, server: Server): Promise<string> {
  await window.pick(page, [window.file('treasure.pdf', story)]);
  await window.read(page);
  const conversation = window.conversationId(page);
  await expect.poll(() => readdirSync(folderOf(server.dataFolder)).length).toBe(1);
  await server.stop();
  return conversation;
}

test('after a restart the document opens from disk, and its first answer reads nothing of it', async ({
  page,
  server,
}) => {
  const conversation = await readAndStop(page, server);
  await server.start();
  await enter(page, server, conversation);
  await expect(window.readingCard(page)).toContainText('Opened from disk');
  await picture(page, 'opened-from-disk');
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
  const api = await Api.open(page, server);
  const { path } = await api.call('conversations.get', { conversationId: conversation });
  expect(path[0]?.stats?.readTokens).toBeLessThan(100);
  expect(path[0]?.stats?.promptTokens).toBeGreaterThan(1000);
  api.close();
  const settings = await window.openSettings(page, 'storage');
  await expect(settings.getByRole('list', { name: words.readings.list })).toContainText(
    'Treasure Island',
  );
  await picture(page, 'saved-readings');
});

test('a reading that was cut short on disk is read again, and answers as before', async ({
  page,
  server,
}) => {
  const conversation = await readAndStop(page, server);
  const [name] = readdirSync(folderOf(server.dataFolder)) as [string];
  const file = join(folderOf(server.dataFolder), name);
  truncateSync(file, readFileSync(file).length - 1000);
  await server.start();
  await enter(page, server, conversation);
  await window.read(page);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
  await expect.poll(() => readdirSync(folderOf(server.dataFolder))).not.toContain(name);
});
