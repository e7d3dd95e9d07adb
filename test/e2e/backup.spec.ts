// A backup is saved by the browser, the library goes on changing, and the backup brings it back as it was.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fact, factQuestion, storyText } from '../fixtures/documents/story.js';
import { expect, picture, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

const text = words.backup;

test('what was backed up comes back, and what took its place is kept aside', async ({
  page,
  api,
  server,
}) => {
  await window.pick(page, [window.file('ferry.txt', storyText(3000))]);
  await window.ask(page, factQuestion);
  await window.answered(page);
  const before = await window.conversation(page);
  const asked = window.conversationId(page);
  const { documentIds } = await api.call('conversations.get', { conversationId: asked });

  const dialog = await window.openSettings(page, 'storage');
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: text.make }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^Longleaf \d{4}-\d\d-\d\d\.zip$/);
  const path = join(server.dataFolder, '..', `${asked}.zip`);
  await file.saveAs(path);
  expect(statSync(path).size).toBeGreaterThan(1000);
  await expect(dialog).toContainText('1 document, 1 conversation, 1 question');
  await picture(page, 'backed-up');
  await window.closeDialog(page);

  await api.call('documents.remove', { documentId: documentIds[0]! });
  await api.call('conversations.remove', { conversationId: asked });
  await page.keyboard.press('Alt+n');
  await expect(window.turns(page)).toHaveCount(0);
  await window.pick(page, [window.file('other.txt', 'Something else came.')]);
  await expect(window.documents(page)).toContainText('other');
  await expect(window.library(page)).not.toContainText('ferry');

  await window.openSettings(page, 'storage');
  const chooser = page.waitForEvent('filechooser');
  await dialog.getByRole('button', { name: text.restore }).click();
  await (await chooser).setFiles(path);
  const question = dialog.getByRole('group', { name: text.ask.label });
  await expect(question).toContainText('1 document, 1 conversation, 1 question');
  await question.getByRole('button', { name: text.ask.yes }).click();
  await expect(dialog).toContainText(text.done);
  await picture(page, 'restored');
  const [aside] = readdirSync(server.dataFolder).filter((name) => name.startsWith('before-'));
  await expect(dialog).toContainText(join(server.dataFolder, aside!));
  expect(existsSync(join(server.dataFolder, aside!, 'library.db'))).toBe(true);

  await dialog.getByRole('button', { name: text.show }).click();
  await expect(window.library(page)).toContainText('ferry');
  await expect(window.library(page)).not.toContainText('other');
  await window.library(page).getByRole('button', { name: before.title }).first().click();
  await expect(window.answer(page)).toContainText('48213');
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(fact.slice(-6, -1));
});

test('a file that is no backup is refused with a sentence', async ({ page }) => {
  const dialog = await window.openSettings(page, 'storage');
  const chooser = page.waitForEvent('filechooser');
  await dialog.getByRole('button', { name: text.restore }).click();
  await (await chooser).setFiles([window.file('diary.zip', 'Dear diary')]);
  await expect(dialog.getByRole('alert')).toContainText('It is no backup of Longleaf');
});
