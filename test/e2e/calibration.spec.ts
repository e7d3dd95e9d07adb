// The slider, earned: a calibration of the bundled model from the window, what the slider says by it, and what a
// reading kept where.
import { storyPdf } from '../fixtures/documents/story.js';
import { expect, picture, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

const text = words.calibration;

test('a calibration can be stopped, thrown away and kept, and the slider then goes by it', async ({
  page,
  api,
}) => {
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 2, factOn: 1 }))]);
  await window.read(page);
  // Room for 2,048 tokens beside a question: as short as is worth measuring.
  await api.call('settings.set', { patch: { contextTokens: 2304 } });
  const dialog = await window.openSettings(page, 'reading');
  await dialog.getByLabel(text.form.facts).selectOption('10');
  await expect(dialog.getByLabel(text.form.tokens)).toHaveValue('2048');
  const begin = dialog.getByRole('button', { name: text.form.start });
  await begin.click();
  await expect(dialog.getByRole('progressbar', { name: text.running.label })).toBeVisible();
  await dialog.getByRole('button', { name: text.running.cancel, exact: true }).click();
  await expect(begin).toBeVisible();

  await begin.click();
  await expect(dialog.getByText(/Asking at level/)).toBeVisible();
  await expect(dialog.getByText(text.result.done)).toBeVisible({ timeout: 400_000 });
  const table = dialog.getByRole('table', { name: text.result.table });
  await expect(table.locator('tbody tr')).toHaveCount(5);
  await picture(page, 'calibrated');
  const { run } = await api.call('calibration.state', {});
  const profile = run.state === 'done' ? run.profile : undefined;
  expect(profile?.calibration?.levels[0]?.found).toBeGreaterThan(5);
  await dialog.getByRole('button', { name: text.result.keep }).click();
  await expect(dialog.getByText(text.source.calibrated)).toBeVisible();
  const [model] = await api.call('models.list', {});
  expect(model?.defaultLevel).toBe(profile?.defaultLevel);

  const slider = dialog.getByRole('slider', { name: words.chat.level.label });
  await expect(slider).toHaveAttribute('aria-valuetext', /of 10 facts$/);
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(slider).toHaveAttribute('aria-valuetext', /^Exact \(0\), about /);
  await expect(dialog.getByText(words.forecast.exactPolicy)).toBeVisible();
  await dialog.getByRole('button', { name: text.result.reset }).click();
  await expect(dialog.getByText(text.source.shipped)).toBeVisible();
});

test('the picture of what was kept leads into the text', async ({ page }) => {
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 2, factOn: 1 }))]);
  await window.read(page);
  const card = window.readingCard(page);
  await card.getByRole('button', { name: words.keptPlaces.open }).click();
  const shown = card.getByRole('button', { name: words.keptPlaces.picture });
  await shown.focus();
  await page.keyboard.press('End');
  await expect(shown).toHaveAccessibleName(/99 % through .*: 100 % took part/);
  await picture(page, 'kept-where');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: words.document.label })).toBeVisible();
});
