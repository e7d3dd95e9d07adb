// Files that cannot be read: each is refused with a sentence of its own, and the app goes on as if nothing had
// happened.
import { closeSync, ftruncateSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as bad from '../fixtures/documents/bad-files.js';
import { fact, factAnswer, factQuestion } from '../fixtures/documents/story.js';
import { expect, picture, test } from './longleaf.js';
import * as window from './window.js';

const cases: { name: string; content: () => Buffer; says: RegExp }[] = [
  { name: 'scan.pdf', content: bad.scannedPdf, says: /None of the 3 pages .* has text/ },
  { name: 'locked.pdf', content: bad.encryptedPdf, says: /password/ },
  { name: 'broken.pdf', content: bad.brokenPdf, says: /a PDF, but a broken one/ },
  { name: 'program.txt', content: bad.binary, says: /looks like a binary file renamed/ },
  { name: 'bomb.docx', content: bad.bombDocx, says: /unpacks to more than/ },
  { name: 'bomb.epub', content: bad.bombEpub, says: /unpacks to more than/ },
  { name: 'empty.md', content: () => Buffer.alloc(0), says: /empty/ },
];

test('every bad file has its own message, and the next good one is read', async ({ page }) => {
  const files = cases.map(({ name, content }) => window.file(name, content()));
  await window.pick(page, files);
  for (const { name, says } of cases) {
    await expect(window.importFailure(page, name)).toContainText(says);
  }
  await picture(page, 'bad-files');
  await window.pick(page, [window.file('good.txt', `It rained.\n\n${fact}\n`)]);
  await window.read(page);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
});

test('a file that went away after it was chosen is named', async ({ page, server }) => {
  const paths = ['gone.txt', 'changed.txt'].map((name) => join(server.dataFolder, name));
  for (const path of paths) writeFileSync(path, 'It rained.\n');
  await page.locator('input[type=file]').evaluate((input) => {
    // Held back until the test has done its work on the files.
    input.addEventListener('change', (event) => event.stopImmediatePropagation(), {
      capture: true,
      once: true,
    });
  });
  await window.pick(page, paths);
  rmSync(paths[0]!);
  writeFileSync(paths[1]!, 'It rained, and it went on raining.\n');
  await page.locator('input[type=file]').dispatchEvent('change');
  for (const name of ['gone.txt', 'changed.txt']) {
    await expect(window.importFailure(page, name)).toContainText('was moved, renamed or changed');
  }
});

test('a file of half a gigabyte is refused before it is taken in', async ({ page, server }) => {
  const path = join(server.dataFolder, 'huge.pdf');
  const handle = openSync(path, 'w');
  writeSync(handle, '%PDF-1.7\n');
  ftruncateSync(handle, 500 * 1024 * 1024);
  closeSync(handle);
  await window.pick(page, [path]);
  await expect(window.importFailure(page, 'huge.pdf')).toContainText(
    /“huge\.pdf” has 524 MB; Longleaf takes files up to 256 MB/,
  );
});
