// What the controls do to the window, from the first screen to the settings.
import { ask, expect, test } from './window.js';

const pdf = (name: string) => ({ name, mimeType: 'application/pdf', buffer: Buffer.from('x') });

test('the first screen says what the model can do, and offers another', async ({ page, show }) => {
  await show({ options: 'empty' });
  const model = page.getByRole('region', { name: 'The model: Longleaf Mini' });
  await expect(model).toContainText('28 million parameters');
  await expect(model).toContainText('cannot summarise or reason');
  await model.getByRole('button', { name: 'Add a model of your own' }).click();
  const settings = page.getByRole('dialog', { name: 'Settings' });
  await expect(settings.getByLabel('Path of a GGUF file')).toBeVisible();
  await page.keyboard.press('Escape');
  await model.getByRole('button', { name: 'Understood' }).click();
  await expect(model).toBeHidden();
});

test('a file that arrives opens a conversation about it', async ({ page, show }) => {
  await show({ options: 'empty' });
  await page.getByLabel('Add documents').setInputFiles([pdf('harbour-rules.pdf')]);
  await expect(page.getByRole('progressbar', { name: 'Adding harbour-rules.pdf' })).toBeVisible();
  await expect(
    page.getByRole('list', { name: 'Documents in this conversation' }).getByRole('listitem'),
  ).toContainText('harbour rules');
});

test('imports fail one by one, each with its reason, and can be cancelled', async ({
  page,
  show,
}) => {
  await show({ options: 'welcomed' });
  const files = ['waiting-report.pdf', 'locked-will.pdf', 'good-book.pdf'].map(pdf);
  await page.getByLabel('Add documents').setInputFiles(files);
  const library = page.getByRole('navigation', { name: 'Library' });
  await expect(library.getByText('This PDF is protected with a password.')).toBeVisible();
  await expect(library.getByText('Save a copy without the password, then add that.')).toBeVisible();
  await library.getByRole('button', { name: 'Dismiss' }).click();
  await expect(library.getByText('locked-will.pdf')).toBeHidden();
  await library.getByRole('button', { name: 'Cancel adding waiting-report.pdf' }).click();
  await expect(library.getByText('Cancelling')).toBeVisible();
});

test('in a narrow window, where the library is hidden, a refused file is explained as well', async ({
  page,
  show,
}) => {
  await page.setViewportSize({ width: 800, height: 900 });
  await show({ options: 'welcomed' });
  const files = ['scan-one.pdf', 'locked-two.pdf', 'waiting-three.pdf'].map(pdf);
  await page.getByLabel('Add documents').setInputFiles(files);
  const main = page.getByRole('main');
  await expect(main.getByText('This PDF is protected with a password.')).toBeInViewport();
  await expect(main.getByRole('progressbar', { name: 'Adding waiting-three.pdf' })).toBeVisible();
  await expect(main).toContainText('2 files could not be added');
  await main.getByRole('button', { name: 'Dismiss all' }).click();
  await expect(main.getByText('scan-one.pdf')).toBeHidden();
  await expect(main.getByText('locked-two.pdf')).toBeHidden();
  await expect(main.getByText('waiting-three.pdf')).toBeVisible();
});

test('of many documents the first are shown, the rest on request', async ({ page, show }) => {
  await show({ options: 'empty' });
  const files = Array.from({ length: 20 }, (_, index) => pdf(`volume-${index + 1}.pdf`));
  await page.getByLabel('Add documents').setInputFiles(files);
  const shown = page
    .getByRole('list', { name: 'Documents in this conversation' })
    .getByRole('listitem');
  await expect(shown).toHaveCount(7, { timeout: 60_000 });
  await page.getByRole('button', { name: '13 more' }).click();
  await expect(shown).toHaveCount(20);
  await page.getByRole('button', { name: 'Fewer' }).click();
  await expect(shown).toHaveCount(7);
});

test('reading shows how far it is and how long it takes, and can be cancelled', async ({
  page,
  show,
}) => {
  await show({ options: 'state=unread', conversation: 'c3' });
  await page.getByRole('button', { name: 'Read now' }).click();
  const card = page.getByRole('region', { name: 'Reading progress' });
  await expect(card).toContainText(/\d+ of 16,021 tokens/);
  await expect(card).toContainText('531 tokens/s');
  await expect(card).toContainText(/about \d+ s left/);
  const bar = card.getByRole('progressbar');
  const before = Number(await bar.getAttribute('aria-valuenow'));
  await expect
    .poll(async () => Number(await bar.getAttribute('aria-valuenow')))
    .toBeGreaterThan(before);
  await card.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('Not read yet')).toBeVisible();
});

test('Ask stays shut while the question does not fit, and says what would help', async ({
  page,
  show,
}) => {
  await show({ options: 'limit=12000', conversation: 'c1' });
  await page.getByRole('textbox', { name: 'Your question' }).fill('Why?');
  await expect(page.getByText(/tokens too many\./)).toContainText(
    'Choose what the model shall do without, or give it more room.',
  );
  await expect(page.getByText('Longleaf never cuts a text silently')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Ask', exact: true })).toBeDisabled();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article')).toHaveCount(2);
  await page.getByRole('button', { name: /^How the context is used/ }).hover();
  const parts = page.getByRole('tooltip').getByRole('row');
  await expect(parts).toHaveText([
    /Documents\s*16,021/,
    /Form of the conversation\s*12/,
    /Earlier questions and answers\s*380/,
    /Your question\s*1/,
    /Room for the answer\s*512/,
    /Free\s*0/,
  ]);
});

test('what does not fit can be made to by one click, and by keyboard', async ({ page, show }) => {
  await show({ options: 'limit=12000', conversation: 'c1' });
  const choices = page.getByRole('region', { name: 'What would make it fit' });
  const first = choices.getByRole('button', { name: /^Use the first 216 of 312 pages/ });
  await expect(first).toBeVisible();
  await page.getByRole('textbox', { name: 'Your question' }).focus();
  await page.keyboard.press('Tab');
  await expect(first).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(choices).toBeHidden();
  const chips = page.getByRole('list', { name: 'Documents in this conversation' });
  await expect(chips).toContainText('pages 1–216 of 312');
  await expect(page.getByRole('textbox', { name: 'Your question' })).toBeFocused();
});

test('pages are chosen by number, and what is wrong with them is said', async ({ page, show }) => {
  await show({ conversation: 'c1' });
  await page.getByRole('button', { name: /^Choose which pages of The Ferryman/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Which pages?' });
  const use = dialog.getByRole('button', { name: 'Use this part' });
  await dialog.getByLabel('From page').fill('250');
  await dialog.getByLabel('To page').fill('10');
  await expect(dialog).toContainText('The part ends before it begins.');
  await expect(use).toBeDisabled();
  await dialog.getByLabel('To page').fill('400');
  await expect(dialog).toContainText('There is no page 400: they go from 1 to 312.');
  await dialog.getByLabel('From page').fill('');
  await expect(dialog).toContainText('Say where the part begins and where it ends.');
  await dialog.getByLabel('From page').fill('10');
  await dialog.getByLabel('To page').fill('250');
  await expect(dialog).toContainText(/12,\d{3} tokens\. It fits/);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(page.getByText('pages 10–250 of 312')).toBeVisible();
  await page.getByRole('button', { name: /^Choose which pages of The Ferryman/ }).click();
  await dialog.getByRole('button', { name: 'The whole document' }).click();
  await dialog.getByRole('button', { name: 'Use the whole document' }).click();
  await expect(page.getByText('pages 10–250 of 312')).toBeHidden();
});

test('a failed answer keeps its text and can be tried again', async ({ page, show }) => {
  await show({ options: 'state=failed', conversation: 'c1' });
  const failure = page.getByRole('alert');
  await expect(failure).toContainText('The engine stopped unexpectedly while answering.');
  await expect(page.getByText('The second barge was')).toBeVisible();
  await failure.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible();
});

test('a model that could not be loaded leads to the settings, or home to another try', async ({
  page,
  show,
}) => {
  await show({ options: 'engine=failed', conversation: 'c3' });
  await expect(page.getByRole('alert')).toContainText('needs 1.3 GB of memory');
  await page.getByRole('alert').getByRole('button', { name: 'Open settings' }).click();
  const settings = page.getByRole('dialog', { name: 'Settings' });
  await settings.getByRole('button', { name: 'Try again' }).click();
  await expect(settings.getByText('Ready on CPU, AVX2, 8 threads')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('alert')).toBeHidden();
});

test('what is peculiar about a model is told where it is chosen', async ({ page, show }) => {
  await show({ options: 'engine=noted' });
  await page.keyboard.press('Control+,');
  await expect(page.getByRole('dialog')).toContainText('The file has no chat template.');
});

test('an answer has its statistics, what each layer kept, and its text to copy', async ({
  page,
  show,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await show({ conversation: 'c1' });
  await ask(page, 'What is the access code?');
  const turn = page.getByRole('article').last();
  await expect(turn.getByRole('list', { name: 'Statistics' }).getByRole('listitem')).toHaveText([
    'first word after 0.4 s',
    '68 tokens/s',
    '22 tokens read, 16,021 reused',
    'kept 81 %',
    'level 5',
    'Longleaf Mini',
  ]);
  await turn.getByRole('button', { name: /^8 layers attended to 81 %/ }).click();
  await expect(page.getByRole('row', { name: '5 61 %' }).last()).toBeVisible();
  await page.keyboard.press('Escape');
  await turn.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(turn.getByRole('button', { name: 'Copied' })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/^The access code of the gilded ferry is \*\*48213\*\*/);
});

test('Stop keeps what was written', async ({ page, show }) => {
  await show({ conversation: 'c1' });
  await page.getByRole('textbox', { name: 'Your question' }).fill('Tell all. [long]');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Crossing 2', exact: true })).toBeAttached();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.locator('.remark')).toHaveText('Stopped. What had been written is kept.');
  await expect(page.getByRole('heading', { name: 'Crossing 1', exact: true })).toBeAttached();
  await expect(page.getByRole('textbox', { name: 'Your question' })).toBeFocused();
});

test('a conversation is renamed, deleted and brought back', async ({ page, show }) => {
  await show({ options: 'welcomed' });
  const list = page.getByRole('region', { name: 'Conversations' });
  const menu = async (item: string) => {
    await page
      .getByRole('button', { name: /^More for Pump station/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await menu('Rename');
  await page.getByRole('textbox', { name: 'New title' }).fill('Anything');
  await page.keyboard.press('Escape');
  await expect(list.getByText('Pump station operating manual')).toBeVisible();
  await menu('Delete');
  await expect(list.getByText('Pump station operating manual')).toBeHidden();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(list.getByText('Pump station operating manual')).toBeVisible();
});

test('settings take effect, and numbers out of bounds say so', async ({ page, show }) => {
  await show({ options: 'welcomed' });
  await page.keyboard.press('Control+,');
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await dialog.getByRole('button', { name: 'Appearance' }).click();
  await dialog.getByRole('radio', { name: 'Dark' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await dialog.getByRole('button', { name: 'Reading', exact: true }).click();
  await dialog.getByLabel('Precision of the reading in memory').selectOption('q8_0');
  const threads = dialog.getByLabel('Threads');
  await threads.fill('300');
  await expect(threads).toHaveAttribute('aria-invalid', 'true');
  await expect(threads).toHaveAccessibleDescription('Between 0 and 256.');
  await threads.fill('4');
  await threads.press('Tab');
  await expect(threads).toHaveAttribute('aria-invalid', 'false');
  await dialog.getByRole('button', { name: 'Model', exact: true }).click();
  await dialog.getByRole('button', { name: 'Reading', exact: true }).click();
  await expect(dialog.getByLabel('Threads')).toHaveValue('4');
});

test('models of other programs and downloads', async ({ page, show }) => {
  await show({ options: 'welcomed' });
  await page.keyboard.press('Control+,');
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await dialog.getByRole('button', { name: 'Look for them' }).click();
  const found = dialog.getByRole('list', { name: 'Models of other programs' });
  await expect(found.getByText('llama3.2:3b')).toBeVisible();
  await expect(found.getByText('LM Studio, 2.5 GB')).toBeVisible();
  await dialog.getByLabel('Address of a GGUF file').fill('https://example.org/m-Q4_K_M.gguf');
  await dialog.getByRole('button', { name: 'Download', exact: true }).click();
  const downloads = dialog.getByRole('list', { name: 'Downloads' });
  await expect(downloads.getByText('1.3 GB of 2.5 GB')).toBeVisible();
  await downloads.getByRole('button', { name: 'Stop' }).click();
  await expect(downloads).toBeHidden();
});
