// What the window can look like, screen by screen: how to get there on the scripted bridge.
import { expect, type Page } from '@playwright/test';
import { ask, type Shown } from './window.js';

export interface Screen extends Shown {
  name: string;
  /** What to do once it is open, and what must be true before it is looked at. */
  act?: (page: Page) => Promise<void>;
  /** Its end is a reload, with a change of language too: shown in English alone. */
  reloads?: boolean;
}

const file = (name: string) => ({ name, mimeType: 'application/pdf', buffer: Buffer.from('x') });

const backupFile = (name: string) => ({ ...file(name), mimeType: 'application/zip' });

async function chooseBackup(page: Page, name: string): Promise<void> {
  await openSection(page, 'Storage');
  await page
    .getByLabel('Restore …')
    .last()
    .setInputFiles([backupFile(name)]);
}

async function addFiles(page: Page): Promise<void> {
  const names = ['waiting-annual-report-2025.pdf', 'locked-will.pdf', 'scan-of-a-letter.pdf'];
  await page.locator('input[type=file]').first().setInputFiles(names.map(file));
  await expect(page.getByText('probably a scan')).toBeAttached();
  await expect(page.getByText('protected with a password')).toBeAttached();
}

async function openSection(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+,');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name, exact: true }).click();
  await expect(dialog.getByRole('region', { name })).toBeVisible();
}

const settled = (page: Page) => expect(page.getByText(/ of 131,072 tokens/)).toBeVisible();

export const screens: Screen[] = [
  { name: 'first-start', options: 'empty' },
  { name: 'library', options: 'welcomed' },
  { name: 'imports', options: 'welcomed', act: addFiles },
  { name: 'unread', options: 'state=unread', conversation: 'c3', act: settled },
  {
    name: 'reading',
    options: 'state=reading',
    conversation: 'c3',
    act: (page) => expect(page.getByText('531 tokens/s')).toBeVisible(),
  },
  {
    name: 'answering',
    conversation: 'c1',
    async act(page) {
      await page.getByRole('textbox', { name: 'Your question' }).fill('Who paid? [half]');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('heading', { name: 'Crossing 2', exact: true })).toBeAttached();
    },
  },
  { name: 'answered', conversation: 'c1', act: settled },
  {
    name: 'kept',
    conversation: 'c1',
    async act(page) {
      await page
        .getByRole('button', { name: /layers attended to/ })
        .last()
        .click();
      await expect(page.getByText('Kept per layer').last()).toBeVisible();
    },
  },
  {
    name: 'evidence',
    conversation: 'c1',
    async act(page) {
      await page
        .getByRole('button', { name: /^Show quotation/ })
        .first()
        .click();
      await expect(page.getByRole('complementary').locator('mark')).toBeInViewport();
    },
  },
  {
    name: 'too-long',
    options: 'limit=12000',
    conversation: 'c1',
    act: (page) =>
      expect(page.getByRole('region', { name: 'What would make it fit' })).toContainText(
        'Use the first',
      ),
  },
  {
    name: 'too-long-several',
    options: 'limit=24000',
    conversation: 'c3',
    act: (page) => expect(page.getByText('Leave it out').first()).toBeVisible(),
  },
  {
    name: 'choose-pages',
    options: 'limit=12000',
    conversation: 'c1',
    async act(page) {
      await page.getByText('Choose pages …').click();
      await expect(page.getByRole('dialog')).toContainText('too many');
    },
  },
  {
    name: 'part-of-a-document',
    options: 'limit=12000',
    conversation: 'c1',
    async act(page) {
      await page.getByRole('button', { name: /^Use the first/ }).click();
      await expect(page.getByText(/^pages 1–/)).toBeVisible();
    },
  },
  { name: 'failed-answer', options: 'state=failed', conversation: 'c1', act: settled },
  {
    name: 'engine-failed',
    options: 'engine=failed',
    conversation: 'c3',
    act: (page) => expect(page.getByRole('alert')).toContainText('131,072 tokens'),
  },
  { name: 'settings-model', conversation: 'c1', act: (page) => openSection(page, 'Model') },
  { name: 'settings-reading', conversation: 'c1', act: (page) => openSection(page, 'Reading') },
  ...[
    { name: 'level', calibration: 'kept', says: 'came back' },
    { name: 'level-shipped', calibration: 'shipped', says: 'before this model was shipped' },
  ].map(({ name, calibration, says }) => ({
    name,
    options: `calibration=${calibration}`,
    conversation: 'c1',
    async act(page: Page) {
      await page.getByRole('slider').focus();
      await expect(page.getByText(says)).toBeVisible();
    },
  })),
  {
    name: 'level-unmeasured',
    conversation: 'c1',
    async act(page) {
      await page.getByRole('slider').focus();
      await expect(page.getByRole('button', { name: 'Measure it' })).toBeVisible();
    },
  },
  {
    name: 'kept-where',
    conversation: 'c1',
    async act(page) {
      await page.getByRole('button', { name: 'Where in the text' }).click();
      await page.getByRole('button', { name: /^Picture of where it looked/ }).focus();
      await page.keyboard.press('ArrowRight');
      await expect(page.getByText(/Layer 3, .* through/).first()).toBeVisible();
    },
  },
  ...['running', 'done', 'kept'].map((calibration) => ({
    name: `calibration-${calibration}`,
    options: `calibration=${calibration}`,
    conversation: 'c1',
    async act(page: Page) {
      await openSection(page, 'Reading');
      const region = page.getByRole('region', { name: 'Reading', exact: true });
      const down = calibration === 'kept' ? 700 : 260;
      await region.evaluate((section, top) => (section.scrollTop = top), down);
    },
  })),
  {
    name: 'settings-storage',
    conversation: 'c1',
    act: (page) => openSection(page, 'Storage'),
  },
  {
    name: 'settings-restore',
    conversation: 'c1',
    async act(page) {
      await chooseBackup(page, 'longleaf.zip');
      await expect(page.getByRole('group', { name: 'The backup that was chosen' })).toBeFocused();
    },
  },
  {
    name: 'settings-restore-refused',
    conversation: 'c1',
    async act(page) {
      await chooseBackup(page, 'damaged.zip');
      await expect(page.getByRole('alert')).toContainText('cannot be restored');
      await page.getByRole('alert').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'settings-restored',
    conversation: 'c1',
    reloads: true,
    async act(page) {
      await chooseBackup(page, 'longleaf.zip');
      await page.getByRole('button', { name: 'Restore it' }).click();
      await expect(page.getByText('before-restore-')).toBeVisible();
    },
  },
  { name: 'settings-answers', conversation: 'c1', act: (page) => openSection(page, 'Answers') },
  {
    name: 'settings-appearance',
    conversation: 'c1',
    act: (page) => openSection(page, 'Appearance'),
  },
  { name: 'settings-about', conversation: 'c1', act: (page) => openSection(page, 'About') },
  {
    name: 'prompt',
    conversation: 'c1',
    async act(page) {
      await page.getByRole('button', { name: 'What the model saw' }).last().click();
      await expect(page.getByRole('dialog')).toContainText('55,210 more characters');
    },
  },
  {
    name: 'shortcuts',
    options: 'welcomed',
    async act(page) {
      await page.keyboard.press('Control+/');
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'outside-link',
    conversation: 'c1',
    async act(page) {
      await page.getByRole('link', { name: 'the harbour office' }).click();
      await expect(page.getByRole('dialog')).toContainText('https://example.org/harbour');
    },
  },
  { name: 'new-conversation', options: 'welcomed', act: (page) => page.keyboard.press('Alt+n') },
  {
    name: 'finished',
    conversation: 'c1',
    async act(page) {
      await ask(page, 'What is the access code of the gilded ferry?');
      await expect(page.getByRole('list', { name: 'Statistics' })).toHaveCount(3);
    },
  },
];
