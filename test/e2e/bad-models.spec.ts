// Models that are none: the settings say what is wrong with each, and the model in use goes on answering.
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import * as bad from '../fixtures/bad-models.js';
import { fact, factAnswer, factQuestion } from '../fixtures/documents/story.js';
import { expect, picture, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

const { models } = words.settings;

const cases: { name: string; write: (path: string) => void; says: RegExp }[] = [
  { name: 'truncated', write: bad.truncated, says: /tensor ".+" lies outside the file/ },
  { name: 'wrong-magic', write: bad.wrongMagic, says: /this is not a GGUF file/ },
  { name: 'absurd-counts', write: bad.absurdCounts, says: /declares 1152921504606846976 tensors/ },
];

const card = (dialog: Locator, name: string) =>
  dialog.getByRole('list', { name: models.label }).getByRole('listitem').filter({ hasText: name });

async function addModel(dialog: Locator, path: string): Promise<void> {
  await dialog.getByRole('textbox', { name: models.addLabel }).fill(path);
  await dialog.getByRole('button', { name: models.addButton, exact: true }).click();
}

async function answersTheFact(page: Page): Promise<void> {
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
}

test('bad models are named and explained, and the old one still answers', async ({
  page,
  server,
}) => {
  await window.pick(page, [window.file('good.txt', `It rained.\n\n${fact}\n`)]);
  await window.read(page);
  await answersTheFact(page);

  const dialog = await window.openSettings(page, 'model');
  for (const { name, write, says } of cases) {
    const path = join(server.dataFolder, `${name}.gguf`);
    write(path);
    await addModel(dialog, path);
    await expect(card(dialog, `${name}.gguf`)).toContainText(says);
    await expect(card(dialog, `${name}.gguf`)).toContainText(models.unusable);
  }
  await addModel(dialog, join(server.dataFolder, 'nowhere.gguf'));
  await expect(dialog.getByRole('alert')).toContainText(/There is no file at .*nowhere\.gguf/);
  await picture(page, 'bad-models');
  await window.closeDialog(page);
  await answersTheFact(page);
});

test('a model that turns out broken as it loads says so, and gives way to the old one', async ({
  page,
  server,
}) => {
  await window.pick(page, [window.file('good.txt', `It rained.\n\n${fact}\n`)]);
  await window.read(page);
  const path = join(server.dataFolder, 'missing-tensor.gguf');
  bad.missingTensor(path);
  const dialog = await window.openSettings(page, 'model');
  await addModel(dialog, path);
  await card(dialog, path).getByRole('button', { name: models.use }).click();
  await expect(dialog.getByText(models.failed)).toBeVisible();
  await expect(dialog.getByText('blk.3.ffn_down.weight')).toBeVisible();
  await window.closeDialog(page);
  await window.ask(page, factQuestion);
  await expect(window.turns(page).getByRole('alert')).toContainText('blk.3.ffn_down.weight');

  await window.openSettings(page, 'model');
  await card(dialog, models.bundled).getByRole('button', { name: models.use }).click();
  await window.closeDialog(page);
  await answersTheFact(page);
});
