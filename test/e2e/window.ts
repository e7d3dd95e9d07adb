// What a user does in the window and where they look, by the names that assistive technology reads.
import type { Locator, Page } from '@playwright/test';
import { words } from '../../renderer/strings/index.js';
import { expect } from './longleaf.js';

export { words };

export interface File {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

export function file(name: string, content: Buffer | string): File {
  return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(content as string) };
}

/** By the button and the browser's own dialog. Paths and bytes alike. */
export async function pick(page: Page, files: File[] | string[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await library(page).getByRole('button', { name: words.library.import }).click();
  await (await chooser).setFiles(files);
}

/** Drags files in from outside, over the window, and lets go. */
export async function drop(page: Page, files: File[]): Promise<void> {
  const carried = await page.evaluateHandle(
    (list) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of list) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      return transfer;
    },
    files.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') })),
  );
  const body = page.locator('body');
  await body.dispatchEvent('dragenter', { dataTransfer: carried });
  await body.dispatchEvent('dragover', { dataTransfer: carried });
  await expect(page.getByText(words.library.drop.titleActive)).toBeVisible();
  await body.dispatchEvent('drop', { dataTransfer: carried });
  await expect(page.getByText(words.library.drop.titleActive)).toBeHidden();
}

export const library = (page: Page): Locator =>
  page.getByRole('navigation', { name: words.library.label });

/** The chips over the conversation. */
export const documents = (page: Page): Locator =>
  page.getByRole('list', { name: words.chat.documentsLabel }).getByRole('listitem');

export const readingCard = (page: Page): Locator =>
  page.getByRole('region', { name: words.chat.reading.label });

/** Resolves when the documents on screen have been read whole. */
export async function read(page: Page): Promise<void> {
  await expect(readingCard(page)).toContainText('Read whole');
}

export const questionField = (page: Page): Locator =>
  page.getByRole('textbox', { name: words.chat.composer.label });

export const stopButton = (page: Page): Locator =>
  page.getByRole('button', { name: words.chat.composer.stop, exact: true });

/** Questions with their answers, in the order on screen. */
export const turns = (page: Page): Locator => page.getByRole('article');

/** Of the last turn. */
export const answer = (page: Page): Locator => turns(page).last().locator('.answer');

export async function ask(page: Page, question: string): Promise<void> {
  const before = await turns(page).count();
  await questionField(page).fill(question);
  await page.getByRole('button', { name: words.chat.composer.ask, exact: true }).click();
  await expect(turns(page)).toHaveCount(before + 1);
}

/** Resolves when the last turn has ended, well or not. */
export async function answered(page: Page): Promise<void> {
  await expect(stopButton(page)).toBeHidden();
}

/** The last answer's text as it stays: after a costly rendering the window lets the next one wait a little, and
 *  the last may come after the answer's end. */
export async function settledAnswer(page: Page): Promise<string> {
  let text = '';
  await expect
    .poll(
      async () => {
        const before = text;
        text = await answer(page).innerText();
        return text !== '' && text === before;
      },
      { intervals: [1000] },
    )
    .toBe(true);
  return text;
}

/** What the list of imports says about a file that could not be added. */
export const importFailure = (page: Page, fileName: string): Locator =>
  library(page)
    .getByRole('listitem')
    .filter({ has: page.getByText(fileName, { exact: true }) })
    .filter({ has: page.getByRole('button', { name: words.library.importing.dismiss }) });

export async function openSettings(
  page: Page,
  section: keyof typeof words.settings.sections,
): Promise<Locator> {
  await library(page).getByRole('button', { name: words.app.settings }).click();
  const dialog = page.getByRole('dialog', { name: words.settings.title });
  await dialog.getByRole('button', { name: words.settings.sections[section], exact: true }).click();
  return dialog;
}

export async function closeDialog(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
}

/** What a reload must bring back, as it reads. */
export async function conversation(page: Page) {
  return {
    title: await page.getByRole('heading', { level: 1 }).innerText(),
    documents: await documents(page).allInnerTexts(),
    reading: await readingCard(page).innerText(),
    turns: await turns(page).allInnerTexts(),
  };
}

/** Of the conversation on screen. */
export function conversationId(page: Page): string {
  const id = new URL(page.url()).hash.replace(/^#c=/, '');
  if (id === '') throw new Error('No conversation is on screen.');
  return decodeURIComponent(id);
}
