// DOCX and EPUB: text and sections of honest packages; a sentence for bombs, broken and locked ones.
import { describe, expect, test } from 'vitest';
import { failureFrom, labels, parseSample, textOf } from '../../fixtures/documents/samples.js';
import {
  docxParagraph as paragraph,
  writeDocx,
  writeEpub,
  writeZip,
} from '../../fixtures/documents/zip-writer.js';

const mib = 1024 * 1024;

describe('DOCX', () => {
  const body = [
    paragraph('The Gilded Ferry', 'Heading1'),
    paragraph('Nobody knew who had gilded it &amp; why.'),
    paragraph('Its Owner', 'Heading2'),
    paragraph('The owner was never seen.'),
    '<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Bank</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Fare</w:t></w:r></w:p></w:tc></w:tr>',
    '<w:tr><w:tc><w:p><w:r><w:t>East</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>3</w:t></w:r></w:p></w:tc></w:tr></w:tbl>',
  ].join('');

  test('headings become sections, tables rows', async () => {
    const document = await parseSample('ferry.docx', writeDocx(body));
    expect(document).toMatchObject({ kind: 'docx', title: 'The Gilded Ferry', warnings: [] });
    expect(labels(document)).toEqual(['The Gilded Ferry', 'Its Owner']);
    expect(document.text).toContain('Nobody knew who had gilded it & why.');
    expect(textOf(document, 'Its Owner')).toContain('Bank | Fare\nEast | 3');
  });

  test('a paragraph in the style Title is a heading', async () => {
    const styles =
      '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>';
    const relations =
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>';
    const document = await parseSample(
      'a.docx',
      writeDocx(paragraph('Of Boats', 'T') + paragraph('They float.'), [
        { name: 'word/styles.xml', data: styles },
        { name: 'word/_rels/document.xml.rels', data: relations },
      ]),
    );
    expect(document.title).toBe('Of Boats');
    expect(labels(document)).toEqual(['Of Boats']);
  });

  test('its own title comes first, and pictures are mentioned', async () => {
    const core =
      '<cp:coreProperties xmlns:dc="x"><dc:title>Of Boats</dc:title></cp:coreProperties>';
    const document = await parseSample(
      'ferry.docx',
      writeDocx(body, [
        { name: 'docProps/core.xml', data: core },
        { name: 'word/media/image1.png', data: 'x' },
      ]),
    );
    expect(document.title).toBe('Of Boats');
    expect(document.warnings).toEqual(['One picture was not read.']);
  });

  test('an honest bomb is refused by what it declares', async () => {
    const bomb = writeDocx(body, [{ name: 'word/big.xml', data: Buffer.alloc(40 * mib) }]);
    expect(bomb.length).toBeLessThan(mib);
    const failure = await failureFrom(parseSample('bomb.docx', bomb));
    expect(failure.code).toBe('document_too_large');
    expect(failure.message).toContain('bomb.docx');
  });

  test('a bomb that declares little is refused while it inflates', async () => {
    const bomb = writeDocx(body, [
      { name: 'word/big.xml', data: Buffer.alloc(40 * mib), declaredSize: 1000 },
    ]);
    const failure = await failureFrom(parseSample('bomb.docx', bomb));
    expect(['document_too_large', 'document_damaged']).toContain(failure.code);
  });

  test('so is one of very many files', async () => {
    const many = Array.from({ length: 10_001 }, (_, i) => ({ name: `f${i}`, data: '' }));
    const failure = await failureFrom(parseSample('many.docx', writeZip(many)));
    expect(failure.code).toBe('document_too_large');
  });

  test('cut short, it is damaged', async () => {
    const whole = writeDocx(body);
    for (const length of [60, whole.length / 2, whole.length - 8]) {
      const cut = whole.subarray(0, Math.floor(length));
      expect((await failureFrom(parseSample('cut.docx', cut))).code).toBe('document_damaged');
    }
  });

  test('with broken XML, it is damaged', async () => {
    const failure = await failureFrom(parseSample('bad.docx', writeDocx('<w:p><w:r>')));
    expect(failure.code).toBe('document_damaged');
  });

  test('without a word, it says so', async () => {
    const failure = await failureFrom(parseSample('blank.docx', writeDocx(paragraph(' '))));
    expect(failure.code).toBe('document_no_text');
  });
});

describe('EPUB', () => {
  const chapters = [
    { file: 'one.xhtml', body: '<h1>I</h1><p>It was a dark night.<a id="x"/> Rain fell.</p>' },
    { file: 'one_b.xhtml', body: '<p>The night went on.</p>' },
    {
      file: 'two%20b.xhtml',
      body: '<p>The morning came.</p><div><p id="noon">At noon the ferry left.</p></div>',
    },
  ].map((each) => ({ ...each, file: decodeURIComponent(each.file) }));
  const nav =
    '<nav epub:type="landmarks"><a href="one.xhtml">Start</a></nav><nav epub:type="toc"><ol>' +
    '<li><a href="one.xhtml">Chapter 1: <span>Night</span></a></li>' +
    '<li><a href="two%20b.xhtml">Chapter 2</a></li><li><a href="two%20b.xhtml#noon">Noon</a></li></ol></nav>';

  test('chapters are named by the navigation document', async () => {
    const document = await parseSample('book.epub', writeEpub({ chapters, nav }));
    expect(document).toMatchObject({ kind: 'epub', title: 'The Gilded Ferry & Other Tales' });
    expect(labels(document)).toEqual(['Chapter 1: Night', 'Chapter 2', 'Noon']);
    expect(textOf(document, 'Chapter 1: Night')).toContain('Rain fell.\n\nThe night went on.');
    expect(textOf(document, 'Noon')).toBe('At noon the ferry left.');
  });

  test('or by the NCX of older books', async () => {
    const ncx =
      '<ncx><navMap><navPoint><navLabel><text>Night</text></navLabel><content src="one.xhtml"/></navPoint>' +
      '<navPoint><navLabel><text>Day</text></navLabel><content src="two%20b.xhtml"/></navPoint></navMap></ncx>';
    const document = await parseSample('book.epub', writeEpub({ chapters, ncx }));
    expect(labels(document)).toEqual(['Night', 'Day']);
  });

  test('or by its headings', async () => {
    const document = await parseSample('book.epub', writeEpub({ chapters }));
    expect(labels(document)).toEqual(['I']);
  });

  test('copy protection is named; obfuscated fonts are none', async () => {
    const method = (algorithm: string) => [
      {
        name: 'META-INF/encryption.xml',
        data: `<encryption><EncryptedData><EncryptionMethod Algorithm="${algorithm}"/></EncryptedData></encryption>`,
      },
    ];
    const locked = writeEpub({
      chapters,
      extra: method('http://www.w3.org/2001/04/xmlenc#aes128-cbc'),
    });
    expect((await failureFrom(parseSample('shop.epub', locked))).code).toBe('document_encrypted');
    const fonts = writeEpub({ chapters, extra: method('http://www.idpf.org/2008/embedding') });
    expect((await parseSample('font.epub', fonts)).kind).toBe('epub');
  });

  test('a missing chapter is a warning, a missing package file damage, a bomb refused', async () => {
    const missing = writeEpub({ chapters })
      .toString('latin1')
      .replaceAll('OEBPS/one_b', 'OEBPS/one_x');
    const document = await parseSample('gap.epub', Buffer.from(missing, 'latin1'));
    expect(document.warnings).toEqual(['A chapter is missing from the file: one_b.xhtml.']);
    const bare = writeZip([{ name: 'META-INF/container.xml', data: '<container/>' }]);
    expect((await failureFrom(parseSample('bare.epub', bare))).code).toBe('document_damaged');
    const bomb = writeEpub({ chapters: [{ file: 'a.xhtml', body: ' '.repeat(40 * mib) }] });
    expect((await failureFrom(parseSample('bomb.epub', bomb))).code).toBe('document_too_large');
  });
});

test('other packages are named', async () => {
  const named = async (entry: string) =>
    (await failureFrom(parseSample('file.docx', writeZip([{ name: entry, data: 'x' }])))).message;
  expect(await named('xl/workbook.xml')).toContain('Excel');
  expect(await named('ppt/presentation.xml')).toContain('PowerPoint');
  expect(await named('content.xml')).toContain('OpenDocument');
  expect(await named('photos/1.jpg')).toContain('zip archive');
});
