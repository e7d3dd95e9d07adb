// PDF: pages as anchors, paragraphs put together again, and every broken kind named.
import { readFileSync } from 'node:fs';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { writePdf } from '../../fixtures/documents/pdf-writer.js';
import { failureFrom, labels, parseSample, textOf } from '../../fixtures/documents/samples.js';

const prose = [
  'The ferry crossed the wide and slow river every morning at the same hour, whatever',
  'the weather, and the ferryman had long ceased to count the crossings or the passen-',
  'gers. He knew the current.',
  '     ',
];

test('joins lines to paragraphs and words broken at a line’s end', async () => {
  const { text } = await parseSample('ferry.pdf', writePdf([prose]));
  expect(text).toBe(
    'The ferry crossed the wide and slow river every morning at the same hour, whatever the weather, ' +
      'and the ferryman had long ceased to count the crossings or the passengers. He knew the current.',
  );
});

test('keeps the hyphen of a word that is written with it elsewhere', async () => {
  const lines = [
    'She was a well-known pilot on that river, and everyone on both banks said so with',
    'pride when asked. Her well-',
    'known boat lay below the mill for many years, and nobody would have dared to touch',
  ];
  lines[1] = 'pride when asked by strangers who came to see the locks and weirs. And her well-';
  const { text } = await parseSample('hyphen.pdf', writePdf([lines]));
  expect(text).toContain('her well-known boat');
});

test('a wider gap, an indent and another letter size begin a paragraph', async () => {
  const line = 'A line of text that is long enough to fill the column from one side to the other';
  const { text } = await parseSample(
    'paragraphs.pdf',
    writePdf([
      [
        { text: 'The Gilded Ferry', size: 20, y: 730 },
        { text: `${line} one`, y: 700 },
        { text: `${line} two`, y: 686 },
        { text: `${line} three.`, y: 660 },
        { text: `${line} four.`, y: 646, x: 90 },
        { text: `${line} five`, y: 632 },
      ],
    ]),
  );
  expect(text.split('\n\n').map((each) => each.slice(-5))).toEqual(
    ['Ferry', ' two', 'hree.', ' five'].map((each) => expect.stringContaining(each.trim())),
  );
});

test('one anchor a page, named as the pages are', async () => {
  const pages = [['Preface'], ['More preface'], ['Chapter one'], ['Chapter two']];
  const plain = await parseSample('plain.pdf', writePdf(pages));
  expect(labels(plain)).toEqual(['Page 1', 'Page 2', 'Page 3', 'Page 4']);
  expect(plain.anchorKind).toBe('page');
  expect(textOf(plain, 'Page 3')?.trim()).toBe('Chapter one');
  const pageLabels = '0 << /S /r >> 2 << /S /D >>';
  const labelled = await parseSample('labelled.pdf', writePdf(pages, { pageLabels }));
  expect(labels(labelled)).toEqual(['Page i', 'Page ii', 'Page 1', 'Page 2']);
});

test('titles: the file’s own, else its largest first line, else its name', async () => {
  const page = [{ text: 'On Ferries', size: 24 }, 'and rivers', 'and mills', 'and locks'];
  expect((await parseSample('a.pdf', writePdf([page], { title: 'Of Boats' }))).title).toBe(
    'Of Boats',
  );
  expect((await parseSample('a.pdf', writePdf([page], { title: 'untitled' }))).title).toBe(
    'On Ferries',
  );
  expect(
    (await parseSample('river_notes.pdf', writePdf([['one', 'two', 'three']]))).title,
  ).toContain('river notes');
});

test('names the pages that have no text', async () => {
  const document = await parseSample('mixed.pdf', writePdf([['One'], [], ['Three'], []]));
  expect(document.warnings).toEqual(['Pages 2, 4 have no text; they may be scans.']);
  expect(labels(document)).toHaveLength(4);
  const one = await parseSample('mixed.pdf', writePdf([['One'], []]));
  expect(one.warnings).toEqual(['Page 2 has no text; it may be a scan.']);
});

test('a scan says that it needs text recognition', async () => {
  const failure = await failureFrom(parseSample('scan.pdf', writePdf([[], []])));
  expect(failure.code).toBe('document_no_text');
  expect(failure.message).toContain('2 pages');
  expect(failure.hint).toContain('OCR');
});

test('an encrypted file says so', async () => {
  const bytes = readFileSync(new URL('../../fixtures/documents/encrypted.pdf', import.meta.url));
  const failure = await failureFrom(parseSample('secret.pdf', bytes));
  expect(failure).toMatchObject({ code: 'document_encrypted' });
  expect(failure.message).toContain('secret.pdf');
});

test('a file cut short is damaged, or read as far as it goes with a warning', async () => {
  const whole = writePdf(Array.from({ length: 50 }, (_, i) => [`This is page ${i + 1}`]));
  for (const fraction of [0.02, 0.3, 0.6, 0.9, 0.99]) {
    const bytes = whole.subarray(0, Math.floor(whole.length * fraction));
    const outcome = await parseSample('cut.pdf', bytes).catch(
      (error: { failure: unknown }) => error.failure,
    );
    if (outcome && typeof outcome === 'object' && 'warnings' in outcome) {
      expect(outcome.warnings).toContainEqual(expect.stringContaining('end is missing'));
    } else expect(outcome).toMatchObject({ code: 'document_damaged' });
  }
});

test('noise after a PDF’s first bytes is a damaged PDF', async () => {
  const noise = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(5000, 0xa7)]);
  expect((await failureFrom(parseSample('noise.pdf', noise))).code).toBe('document_damaged');
});

test('Japanese in an encoding that only a bundled character map knows', async () => {
  const font =
    '<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /90ms-RKSJ-H /DescendantFonts ' +
    '[<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /CIDSystemInfo ' +
    '<< /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /DW 1000 /FontDescriptor ' +
    '<< /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 /FontBBox [0 0 1000 1000] ' +
    '/ItalicAngle 0 /Ascent 800 /Descent -200 /StemV 80 >> >>] >>';
  const lines = ['渡し船は夜明けに出', 'ました。'].map((text) => ({
    text: '',
    bytes: iconv.encode(text, 'shift_jis'),
  }));
  const { text } = await parseSample('ferry.pdf', writePdf([lines], { font }));
  expect(text).toBe('渡し船は夜明けに出ました。');
});
