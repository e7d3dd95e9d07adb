// Every kind of document through the file picker, several in one conversation, each shown with its own anchors.
import { writeDocx, docxParagraph, writeEpub } from '../fixtures/documents/zip-writer.js';
import { fact, factAnswer, factQuestion, storyPdf } from '../fixtures/documents/story.js';
import { expect, picture, test } from './longleaf.js';
import * as window from './window.js';
import { words } from './window.js';

const report = writeDocx(
  docxParagraph('The Harbour Report', 'Heading1') +
    docxParagraph('The harbour was dredged in spring and again in autumn.') +
    docxParagraph('Dues', 'Heading1') +
    docxParagraph('The dues are paid in advance by every ship that asks for a berth.'),
);

const tales = writeEpub({
  chapters: [
    { file: 'one.xhtml', body: '<h1>The Quay</h1><p>Rain fell on the quay all night.</p>' },
    { file: 'two.xhtml', body: `<h1>The Crossing</h1><p>It was late. ${fact}</p>` },
  ],
  nav:
    '<nav epub:type="toc"><ol><li><a href="one.xhtml">The Quay</a></li>' +
    '<li><a href="two.xhtml">The Crossing</a></li></ol></nav>',
});

const tides =
  '<!doctype html><title>Tide Tables</title><h1>Tide Tables</h1><p>High water is at noon.</p>' +
  '<script>document.title = "never"</script><h2>Spring</h2><p>Springs come with the new moon.</p>';

const files = [
  window.file('treasure.pdf', storyPdf({ pages: 1 })),
  window.file('report.docx', report),
  window.file('tales.epub', tales),
  window.file('tides.html', tides),
  window.file(
    'notes.md',
    '# Captain’s Notes\n\nThe *chart* is wrong.\n\n## Depths\n\nFour fathoms.\n',
  ),
  window.file('sounding.py', 'def depth(fathoms):\n    return fathoms * 1.8288\n'),
  window.file('log.txt', Buffer.from('Ruhige See, abends Böen über dem Kattegat.\n', 'latin1')),
];

test('reads every kind of document in one conversation', async ({ page }) => {
  await window.pick(page, files);
  await window.read(page);
  await expect(window.documents(page)).toHaveText([
    /Treasure Island/,
    /The Harbour Report/,
    /The Gilded Ferry & Other Tales/,
    /Tide Tables/,
    /Captain’s Notes/,
    /sounding/,
    /log/,
  ]);
  await expect(window.readingCard(page)).toContainText('Read whole');
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);

  const quoted = window
    .turns(page)
    .getByRole('button', { name: '1 The Crossing, The Gilded Ferry & Other Tales', exact: true });
  await quoted.click();
  const pane = page.getByRole('complementary', { name: words.document.label });
  await expect(pane.getByRole('heading', { level: 2 })).toHaveText(
    'The Gilded Ferry & Other Tales',
  );
  await expect(pane.locator('mark')).toContainText(factAnswer);
  await picture(page, 'several-documents');

  const shown: [string, string, string][] = [
    ['The Harbour Report', 'Dues', 'The dues are paid in advance'],
    ['Tide Tables', 'Spring', 'Springs come with the new moon.'],
    ['Captain’s Notes', 'Depths', 'Four fathoms.'],
    ['sounding', 'Lines 1–2', 'return fathoms * 1.8288'],
    ['log', 'Line 1', 'abends Böen über dem Kattegat.'],
  ];
  for (const [title, section, text] of shown) {
    await pane.getByRole('button', { name: title }).click();
    await expect(pane.getByRole('region', { name: section, exact: true })).toContainText(text);
  }
});

test('a document added twice is one document, and can leave a conversation', async ({ page }) => {
  const [pdf, docx] = files as [window.File, window.File];
  await window.pick(page, [docx]);
  await window.read(page);
  await window.drop(page, [{ ...docx, name: 'copy.docx' }, pdf]);
  await expect(window.documents(page)).toHaveText([/The Harbour Report/, /Treasure Island/]);
  const remove = words.chat.removeDocument('The Harbour Report');
  await page.getByRole('button', { name: remove }).click();
  await expect(window.documents(page)).toHaveText([/Treasure Island/]);
  const listed = window.library(page).getByRole('region', { name: words.library.documents });
  await expect(listed.getByRole('listitem')).toHaveText([/Treasure Island/, /The Harbour Report/]);
});
