// The language of the window: the system's at first, another by choice, and nothing lost on the way.
import { changeSettings, expect, test } from './window.js';

test('another language keeps the conversation, the draft, the document and the dialog', async ({
  page,
  show,
}) => {
  await show({ options: 'welcomed', conversation: 'c1' });
  await page.getByRole('button', { name: 'Show the document' }).click();
  const draft = 'Who paid for the second barge?';
  await page.getByRole('textbox', { name: 'Your question' }).fill(draft);
  await page.keyboard.press('Control+,');
  await page.getByRole('dialog').getByRole('button', { name: 'Appearance', exact: true }).click();
  await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');

  const dialog = page.getByRole('dialog', { name: 'Einstellungen' });
  await expect(dialog.getByRole('combobox', { name: 'Sprache' })).toHaveValue('de');
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('textbox', { name: 'Frage' })).toHaveValue(draft);
  const document = page.getByRole('complementary', { name: 'Dokument', exact: true });
  await expect(document.getByRole('region', { name: 'Seite 1', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Zitat 1 zeigen, Seite 41/ })).toBeVisible();
  await expect(page.getByText(/ von 131\.072 Token/)).toBeVisible();
});

test('failures are told in the language chosen, with the app’s own words below', async ({
  page,
  show,
}) => {
  await show({ options: 'state=failed&language=de', conversation: 'c1' });
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('Das Modell wurde unerwartet beendet');
  await expect(alert.locator('[lang=en]')).toContainText('The engine stopped unexpectedly');
  await changeSettings(page, { language: 'en' });
  await expect(page.getByRole('alert').locator('[lang]')).toHaveCount(0);
});

test.describe('on a German system', () => {
  test.use({ locale: 'de-DE' });

  test('the window is German without being asked', async ({ page, show }) => {
    await show({ options: 'empty' });
    await expect(page.getByRole('heading', { name: 'Ein ganzes Buch befragen' })).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  });
});
