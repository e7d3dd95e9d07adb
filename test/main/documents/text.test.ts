// HTML, Markdown, plain text and code: encodings, structure, anchors, and what is no text at all.
import { readFileSync } from 'node:fs';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { markdownSections } from '../../../main/services/documents/markdown.js';
import { failureFrom, labels, parseSample, textOf } from '../../fixtures/documents/samples.js';
import { writePdf } from '../../fixtures/documents/pdf-writer.js';

describe('HTML', () => {
  const page = `<!doctype html><html><head><title>Of Ferries</title><style>p{}</style></head><body>
    <nav>Home | Shop</nav><p>Before any heading.</p><h1>The   River</h1>
    <p>It is <b>wide</b>&nbsp;and<br>slow.</p><script>alert('x')</script><p hidden>Secret.</p>
    <div style="display: none">Hidden too.</div>
    <ul><li>east bank<ul><li>mill</li></ul></li><li><p>west bank</p></li></ul>
    <ol start="3"><li>third</li><li>fourth</li></ol>
    <h2>Fares</h2><table><tr><th>Who</th><th>Fare</th></tr><tr><td><p>Child</p></td><td>1</td></tr></table>
    <pre>  two
    four</pre></body></html>`;

  test('keeps structure and leaves out what is not shown', async () => {
    const document = await parseSample('page.html', page);
    expect(document).toMatchObject({ kind: 'html', title: 'Of Ferries', anchorKind: 'section' });
    expect(labels(document)).toEqual(['Beginning', 'The River', 'Fares']);
    expect(document.text).toBe(
      [
        'Before any heading.',
        'The River',
        'It is wide and\nslow.',
        '- east bank\n  - mill\n- west bank\n3. third\n4. fourth',
        'Fares',
        'Who | Fare\nChild | 1',
        '  two\n    four',
      ].join('\n\n'),
    );
  });

  test('a page laid out in tables is read as text', async () => {
    const { text } = await parseSample(
      'old.html',
      '<table><tr><td><h1>News</h1><p>One.</p></td><td><p>Two.</p></td></tr></table>',
    );
    expect(text).toBe('News\n\nOne.\n\nTwo.');
  });

  test('its declared encoding is used', async () => {
    const bytes = iconv.encode('<meta charset="windows-1251"><p>Паром ушёл</p>', 'windows-1251');
    const document = await parseSample('page.htm', bytes);
    expect(document.text).toBe('Паром ушёл');
    expect(document.warnings).toEqual([]);
  });

  test('nesting twenty thousand deep does not end the process', async () => {
    const deep = `${'<div>'.repeat(20_000)}core${'</div>'.repeat(20_000)}`;
    expect((await parseSample('deep.html', deep)).text).toBe('core');
  });

  test('long text without headings is cut into parts', async () => {
    const document = await parseSample(
      'flat.html',
      '<p>A sentence of some length.</p>'.repeat(2000),
    );
    expect(labels(document).slice(0, 2)).toEqual(['Part 1', 'Part 2']);
  });
});

describe('Markdown', () => {
  test('stays as written, with its headings as sections', async () => {
    const source =
      '---\ntitle: "Of Boats"\n---\n# The *Ferry* #\ntext\n\nOars\n----\n- a\n---\nend\n';
    const document = await parseSample('notes.md', source);
    expect(document).toMatchObject({ kind: 'markdown', title: 'Of Boats', text: source });
    expect(labels(document)).toEqual(['Beginning', 'The Ferry', 'Oars']);
  });

  test('no heading inside a fence', () => {
    const source =
      '```sh\n# a comment\n~~~\n# no\n```\n~~~~\n# no\n~~~\n# no\n~~~~~\n## Yes\n#no\n';
    expect(markdownSections(source).map(({ label }) => label)).toEqual(['Yes']);
  });

  test('without headings, lines are the anchors', async () => {
    const document = await parseSample('list.md', '- a\n- b\n');
    expect(labels(document)).toEqual(['Lines 1–2']);
  });
});

describe('plain text', () => {
  test('chapters of a novel are found', async () => {
    const novel = readFileSync(new URL('../../fixtures/novel.txt', import.meta.url));
    const document = await parseSample('novel.txt', novel);
    expect(document.anchorKind).toBe('section');
    expect(labels(document)).toContain('VI: The Captain’s Papers');
    expect(Math.max(...document.anchors.map(({ start, end }) => end - start))).toBeLessThan(16_001);
  });

  test('headings are lines of their own', async () => {
    const source =
      'Intro here.\n\nCHAPTER I\nThe Night\n\nIt was dark. Chapter two is below.\n\nChapter 2\n\nDay.\n';
    const document = await parseSample('story.txt', source);
    expect(labels(document)).toEqual(['Beginning', 'CHAPTER I The Night', 'Chapter 2']);
    expect(document.text).toBe(source);
  });

  test('without headings, about eighty lines each, ending at an empty line', async () => {
    const paragraph = `${'some words\n'.repeat(9)}\n`;
    const document = await parseSample('log.txt', paragraph.repeat(30));
    expect(labels(document)).toEqual([
      'Lines 1–80',
      'Lines 81–160',
      'Lines 161–240',
      'Lines 241–300',
    ]);
    expect(textOf(document, 'Lines 1–80')?.endsWith('words\n\n')).toBe(true);
  });

  test('one line of megabytes is cut at words', async () => {
    const document = await parseSample('line.txt', 'lorem ipsum dolor '.repeat(200_000));
    expect(document.anchors.length).toBeGreaterThan(200);
    expect(document.anchors.every(({ end }) => /\s/.test(document.text[end - 1] ?? ''))).toBe(true);
  });

  test('line ends, soft hyphens and invisible characters are made plain', async () => {
    const document = await parseSample(
      'a.txt',
      '\uFEFFone\r\ntwo\rthree\u00AD\u200B\0four\fe\u0301',
    );
    expect(document.text).toBe('one\ntwo\nthreefour\né');
  });
});

describe('encodings', () => {
  const french =
    'L’été dernier, la rivière était très étroite à cet endroit, où l’on passait à pied. Noël déjà fêté. ';
  const japanese =
    '渡し船は夜明けに出ました。船頭は川の深さを知っていました。誰も理由を知りません。';
  const cases: [string, string, boolean][] = [
    [french.replaceAll('’', "'"), 'latin1', true],
    [french, 'windows-1252', true],
    [japanese, 'shift_jis', true],
    [japanese, 'euc-jp', true],
    [
      'Паром ушёл на рассвете, и никто не знал, почему он так спешил этим утром.',
      'windows-1251',
      true,
    ],
    [japanese, 'utf-8', false],
    ['plain words in a plain file', 'utf-16le', false],
    ['plain words in a plain file', 'utf-16be', false],
    [japanese, 'utf-16le', true],
    [japanese, 'utf-16be', true],
    ['Паром ушёл на рассвете, и никто не знал, почему он спешил.\n', 'utf-16le', true],
    ['Паром ушёл на рассвете, и никто не знал, почему он спешил.\n', 'utf-16be', true],
  ];

  for (const [text, encoding, guessed] of cases) {
    test(`${encoding}: ${text.slice(0, 5)}`, async () => {
      const document = await parseSample('a.txt', iconv.encode(text.repeat(4), encoding));
      expect(document.text).toBe(text.repeat(4));
      expect(document.warnings).toHaveLength(guessed ? 1 : 0);
    });
  }

  for (const encoding of ['utf-8', 'utf-16le', 'utf-16be', 'utf-32le']) {
    test(`${encoding} with a byte order mark`, async () => {
      const bytes = iconv.encode(japanese, encoding, { addBOM: true });
      expect((await parseSample('a.txt', bytes)).text).toBe(japanese);
    });
  }
});

describe('what a file is', () => {
  test('code is anchored by lines and keeps its name', async () => {
    const document = await parseSample('main.rs', 'fn main() {\n}\n');
    expect(document).toMatchObject({ kind: 'code', title: 'main.rs', anchorKind: 'lines' });
    expect((await parseSample('Makefile', 'all:\n\tcc x.c\n')).kind).toBe('code');
  });

  test('content comes before the name', async () => {
    const pdf = await parseSample('report.txt', writePdf([['Hello there']]));
    expect(pdf.kind).toBe('pdf');
    expect(pdf.warnings[0]).toContain('.txt');
    const web = await parseSample('paper.pdf', '<!DOCTYPE html><p>Please log in.</p>');
    expect(web.kind).toBe('html');
    expect(web.warnings[0]).toContain('web page');
    expect((await parseSample('README', 'just words')).kind).toBe('text');
    expect((await parseSample('BZhang.txt', 'BZhang and MZ wrote this.')).kind).toBe('text');
  });

  const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(100)]);
  const ole = (stream: string) =>
    Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from(stream, 'utf16le')]);
  const refused: [string, string | Buffer, string, string][] = [
    ['picture.pdf', png, 'document_unsupported', 'PNG picture'],
    [
      'notes.txt',
      Buffer.from([1, 2, 3, 0, 255, 254, 7, 9, 0, 0, 1]),
      'document_unsupported',
      '.txt',
    ],
    [
      'blob',
      Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 7) & 31)),
      'document_unsupported',
      'binary',
    ],
    ['old.doc', ole('WordDocument'), 'document_unsupported', 'old format'],
    ['locked.docx', ole('EncryptedPackage'), 'document_encrypted', 'password'],
    ['model.txt', Buffer.from('GGUF\x03\0\0\0'), 'document_unsupported', 'language model'],
    ['letter.docx', '{\\rtf1 hello}', 'document_unsupported', 'RTF'],
    ['empty.txt', '', 'document_no_text', 'empty'],
    ['blank.txt', ' \n\t\n', 'document_no_text', 'no text'],
  ];
  for (const [fileName, bytes, code, words] of refused) {
    test(`${fileName} is refused: ${words}`, async () => {
      const failure = await failureFrom(parseSample(fileName, bytes));
      expect(failure.code).toBe(code);
      expect(failure.message).toContain(words);
      expect(failure.message).toContain(fileName);
    });
  }
});
