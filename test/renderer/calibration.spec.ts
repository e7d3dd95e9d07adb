// The slider's words while it moves, a calibration begun and stopped, and the picture of what was kept, by keyboard.
import { expect, test } from './window.js';

test('the slider says what each level does as it moves', async ({ page, show }) => {
  await show({ conversation: 'c1', options: 'calibration=kept' });
  const slider = page.getByRole('main').getByRole('slider');
  await slider.focus();
  await expect(slider).toHaveAttribute(
    'aria-valuetext',
    'Careful (5), about 25 s, 43 % kept, 20 of 20 facts',
  );
  await page.keyboard.press('End');
  await expect(slider).toHaveAttribute(
    'aria-valuetext',
    'Fast (100), about 20 s, 8 % kept, 14 of 20 facts',
  );
  await expect(page.getByText('14 of 20 facts came back (48 to 85 %)')).toBeVisible();
  await page.keyboard.press('Home');
  await expect(page.getByText('Every layer reads everything.')).toBeVisible();
});

test('what was measured before the model was shipped is said to be that', async ({
  page,
  show,
}) => {
  await show({ conversation: 'c1', options: 'calibration=shipped' });
  const slider = page.getByRole('main').getByRole('slider');
  await slider.focus();
  await page.keyboard.press('End');
  await expect(slider).toHaveAttribute(
    'aria-valuetext',
    'Fast (100), about 20 s, 10 % of attention computed, 264 of 300 questions right',
  );
  await expect(page.getByText('10 % of attention in layers 1 to 7')).toBeVisible();
  await expect(
    page.getByText('exact reading: 261; measured before this model was shipped'),
  ).toBeVisible();
  await expect(page.getByRole('button', { name: 'Measure it' })).toHaveCount(0);
});

test('what is not measured leads to where it is measured', async ({ page, show }) => {
  await show({ conversation: 'c1' });
  await page.getByRole('main').getByRole('slider').focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Measure it' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'What the levels cost' })).toBeVisible();
});

test('a calibration goes on while the settings are closed, says why questions wait, and stops', async ({
  page,
  show,
}) => {
  await show({ conversation: 'c1' });
  await page.keyboard.press('Control+,');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Reading', exact: true }).click();
  await dialog.getByLabel('Facts').selectOption('50');
  await dialog.getByRole('button', { name: 'Calibrate' }).click();
  await expect(dialog.getByText('Asking at level 50: 7 of 20 facts')).toBeVisible();
  await page.keyboard.press('Escape');
  const notice = page.getByRole('region', { name: 'Calibrating' });
  await expect(notice).toContainText('Questions and readings wait for it.');
  await notice.getByRole('button', { name: 'Show' }).click();
  await dialog.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(dialog.getByLabel('Facts')).toHaveValue('50'); // as it was chosen
  await expect(notice).toHaveCount(0);
});

test('arrows move over the picture of what was kept, Enter shows the text there', async ({
  page,
  show,
}) => {
  await show({ conversation: 'c1' });
  await page.getByRole('button', { name: 'Where in the text' }).click();
  const picture = page.getByRole('button', { name: /^Picture of where it looked/ });
  await picture.focus();
  await expect(picture).toHaveAccessibleName(/Layer 3, 0 % through The Ferryman’s Ledger/);
  for (let step = 0; step < 13; step++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await expect(picture).toHaveAccessibleName(/Layer 4, 10 % through/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary').locator('mark').first()).toBeInViewport();
});
