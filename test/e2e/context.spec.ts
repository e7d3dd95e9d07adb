// What does not fit is refused with the numbers, and nothing is cut to make it fit.
import { fact, factQuestion, storyText } from '../fixtures/documents/story.js';
import { expect, picture, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

const { meter, composer } = words.chat;
const limit = 1024;
const number = (tokens: number) => tokens.toLocaleString('en-GB');

test('refuses what does not fit, with exact numbers', async ({ page, api }) => {
  const dialog = await window.openSettings(page, 'reading');
  await dialog.getByRole('textbox', { name: words.settings.fields.context }).fill(String(limit));
  await window.closeDialog(page);
  await expect.poll(async () => (await api.call('settings.get', {})).contextTokens).toBe(limit);

  await window.pick(page, [window.file('long.txt', storyText(8000))]);
  const refusal = page.getByRole('alert');
  await expect(refusal).toContainText('Nothing was cut.');
  const conversationId = window.conversationId(page);
  const alone = await api.call('conversations.context', { conversationId, draft: '' });
  expect(alone.limit).toBe(limit);
  const documents = alone.documents.reduce((sum, { tokens }) => sum + tokens, 0);
  expect(documents).toBeGreaterThan(limit);
  await expect(refusal).toContainText(`documents ${number(documents)}`);
  await expect(refusal).toContainText(`the model holds ${number(limit)}`);
  await picture(page, 'refused');

  const draft = 'What is the access code?';
  await window.questionField(page).fill(draft);
  const use = await api.call('conversations.context', { conversationId, draft });
  expect(use.fits).toBe(false);
  expect(use.total).toBe(documents + use.history + use.question + use.template + use.reply);
  await expect(page.getByText(meter.of(use.total, use.limit))).toBeVisible();
  await expect(page.getByText(meter.over(use.total - use.limit))).toBeVisible();
  await expect(page.getByText(meter.nothingCut)).toBeVisible();
  await expect(page.getByRole('button', { name: composer.ask, exact: true })).toBeDisabled();
  await page.keyboard.press('Enter');
  await expect(window.turns(page)).toHaveCount(0);
  expect((await api.call('conversations.get', { conversationId })).path).toEqual([]);
});

test('refuses a question asked past the window, and answers once it fits', async ({
  page,
  api,
}) => {
  await api.call('settings.set', { patch: { contextTokens: limit } });
  await window.pick(page, [window.file('long.txt', storyText(8000))]);
  await expect(page.getByRole('alert')).toContainText('Nothing was cut.');
  const conversationId = window.conversationId(page);
  const question = factQuestion;
  await api.call('turns.ask', { conversationId, question });
  const use = await api.call('conversations.context', { conversationId, draft: question });
  await expect(window.turns(page).getByRole('alert')).toContainText(
    `This needs ${number(use.total)} tokens and the model holds ${number(limit)}`,
  );
  await window.pick(page, [window.file('short.txt', `It rained.\n\n${fact}\n`)]);
  await expect(window.documents(page)).toHaveCount(2);
  await page.getByRole('button', { name: words.chat.removeDocument('long') }).click();
  await window.ask(page, question);
  await window.answered(page);
  await expect(window.answer(page)).toContainText('48213');
});

test('a part of what does not fit is used by one click, and places are those of the whole', async ({
  page,
  api,
}) => {
  await api.call('settings.set', { patch: { contextTokens: limit, replyTokens: 64 } });
  const chapters = ['One', 'Two', 'Three', 'Four'].map((name, at) => {
    const text = storyText(1400, at * 1400);
    return `# ${name}\n\n${name === 'Three' ? text : text.replace(fact, '')}\n\n`;
  });
  await window.pick(page, [window.file('chapters.md', chapters.join(''))]);
  await expect(page.getByRole('alert')).toContainText('Nothing was cut.');
  const choices = page.getByRole('region', { name: words.fitting.panel.label });
  const unit = 'section' as const;
  await expect(choices).toContainText(words.fitting.panel.useFirst(2, 4, unit));
  await picture(page, 'choices');
  const conversationId = window.conversationId(page);

  await choices.getByRole('button', { name: words.fitting.panel.choose[unit] }).click();
  const dialog = page.getByRole('dialog', { name: words.fitting.dialog.title[unit] });
  await dialog.getByLabel(words.fitting.dialog.from[unit], { exact: true }).selectOption('Three');
  await dialog.getByLabel(words.fitting.dialog.to[unit], { exact: true }).selectOption('Three');
  await expect(dialog).toContainText('It fits');
  await picture(page, 'choose-sections');
  await dialog.getByRole('button', { name: words.fitting.dialog.use }).click();
  await expect(window.documents(page)).toContainText('Three');
  await expect(choices).toBeHidden();

  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText('48213');
  const { path, documentIds } = await api.call('conversations.get', { conversationId });
  const [documentId] = documentIds as [string];
  const texts = await api.call('documents.text', { documentId, from: 0, to: 4 });
  const { evidence, id: turnId } = path[0]!;
  expect(evidence.length).toBeGreaterThan(0);
  expect(evidence.every(({ anchorLabel }) => anchorLabel === 'Three')).toBe(true);
  const found = evidence.map(({ start, end }) => texts.join('').slice(start, end)).join(' ');
  expect(found).toContain('48213');
  const seen = await api.call('conversations.prompt', { conversationId, turnId });
  const part = seen.parts.find(({ kind }) => kind === 'document');
  expect(part?.range).toMatchObject({ first: 'Three', last: 'Three' });
  expect(part?.text.startsWith(texts[2]!.slice(0, 500))).toBe(true);
});
