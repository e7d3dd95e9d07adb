// Evidence: offsets are exact, quotations are found however they were typed, and doubt shows nothing.
import { expect, test } from 'vitest';
import type { Anchor } from '../../main/contract/index.js';
import { findEvidence, type EvidenceDocument } from '../../main/services/evidence.js';

function page(text: string, size = 1000): EvidenceDocument {
  const anchors: Anchor[] = [];
  for (let start = 0; start < text.length; start += size) {
    const end = Math.min(text.length, start + size);
    anchors.push({ label: `Page ${anchors.length + 1}`, start, end });
  }
  return { id: 'doc', text, anchors };
}

const story = page(
  'The ferry left at dawn.\n\n“Nobody,” said the\ncaptain, “knows the old   river’s depth — not even I.”\n' +
    'The access code of the gilded ferry is 48213. It was raining. It was raining.',
);

function quoted(answer: string, document = story): string[] {
  return findEvidence(answer, [document]).map(({ start, end }) => document.text.slice(start, end));
}

test('finds a quotation in straight, curly, low and angle marks', () => {
  for (const marks of ['""', '“”', '„“', '«»', '‘’', "''", '「」']) {
    expect(quoted(`It says ${marks[0]}access code of the gilded ferry${marks[1]}.`)).toEqual([
      'access code of the gilded ferry',
    ]);
  }
});

test('finds a Markdown block quote', () => {
  expect(quoted('As written:\n\n> The ferry left at dawn.\n')).toEqual(['The ferry left at dawn.']);
});

test('white space, marks and dashes may differ; the offsets are those of the original', () => {
  expect(quoted('He said: "knows the old river\'s depth - not even I."')).toEqual([
    'knows the old   river’s depth — not even I.',
  ]);
});

test('case may differ when nothing matches exactly', () => {
  expect(quoted('"the access CODE of the gilded ferry"')).toEqual([
    'The access code of the gilded ferry',
  ]);
});

test('a comma the answer put inside the marks is not part of the quotation', () => {
  const answer = '“the gilded ferry,” it says';
  const [only] = findEvidence(answer, [story]);
  expect(story.text.slice(only?.start, only?.end)).toBe('the gilded ferry');
  expect(answer.slice(only?.answerStart, only?.answerEnd)).toBe('the gilded ferry');
});

test('an ellipsis joins two quotations', () => {
  expect(quoted('“The ferry left … the gilded ferry is 48213”')).toEqual([
    'The ferry left',
    'the gilded ferry is 48213',
  ]);
});

test('shows nothing for what is short, half a word, elsewhere or nowhere', () => {
  expect(quoted('It is “dawn”.')).toEqual([]);
  expect(quoted('“erry left at da”')).toEqual([]);
  expect(quoted('“It was raining.”')).toEqual([]); // twice in the text: which one?
  expect(quoted('“The ferry left at noon.”')).toEqual([]);
  expect(quoted('')).toEqual([]);
  expect(findEvidence('“The ferry left at dawn.”', [])).toEqual([]);
});

test('a bare answer is evidence when it stands in one place only', () => {
  expect(quoted('48213.')).toEqual(['48213.']);
  expect(quoted('**48213**')).toEqual(['48213']);
  expect(quoted(' 48213\n')).toEqual(['48213']);
  expect(quoted('dawn')).toEqual([]);
  expect(quoted('The access code of the gilded ferry is 48213.')).toEqual([
    'The access code of the gilded ferry is 48213.',
  ]);
  expect(quoted('I think it may be 48213, or something else that I forgot.')).toEqual([]);
});

test('names the document and the anchor', () => {
  const long = page(`${'x '.repeat(700)}\nThe heron sleeps standing.`);
  const found = findEvidence('"The heron sleeps standing"', [story, { ...long, id: 'other' }]);
  expect(found).toMatchObject([{ documentId: 'other', anchorLabel: 'Page 2' }]);
});

test('a passage that stands twice is shown at the first when it is long', () => {
  const line = 'The quick brown fox jumps over the lazy dog near the river bank';
  const twice = page(`${line}. And again: ${line}.`);
  expect(findEvidence(`"${line}"`, [twice])[0]?.start).toBe(0);
});

test('a text that changed under the same id is indexed anew', () => {
  expect(quoted('“a wholly new sentence”', page('Here is a wholly new sentence.'))).toHaveLength(1);
  expect(quoted('“a wholly new sentence”', story)).toEqual([]);
});

// Numbers from a seed: a failure can be repeated.
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const words =
  'oak İstanbul ß 𝒳𝓎 heron’s —well-known “river” été naïve code 4821 Straße ﬁn 東京 a of'.split(
    ' ',
  );
const gaps = [' ', '  ', '\n', '\n\n', ' \t ', '\u00a0', ' — ', ', '];

test('property: any stretch of words quoted back is found exactly where it stands', () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const pick = random(seed);
    let text = '';
    for (let i = 0; i < 120; i += 1)
      text += words[pick(words.length)]! + i + gaps[pick(gaps.length)]!;
    const tokens = [...text.matchAll(/\S+/g)];
    const first = pick(tokens.length - 8);
    const last = first + 3 + pick(4);
    const start = tokens[first]!.index;
    const end = tokens[last]!.index + tokens[last]![0].length;
    const quotation = text.slice(start, end);
    // As a model would type it: other spaces, other dashes. 「」 occur in no text above.
    const typed = quotation.replace(/\s+/g, ' ').replace(/[—]/g, '–').replace(/[“”]/g, '"');
    for (const each of findEvidence(`It says 「${typed}」 there.`, [
      { ...page(text), id: `p${seed}` },
    ])) {
      const back = text.slice(each.start, each.end);
      const bare = (value: string) => value.replace(/[\s"'“”’—–-]+/g, '').replace(/[.,]+$/, '');
      expect(bare(back)).toBe(bare(typed));
      expect(each.start).toBeGreaterThanOrEqual(start);
      expect(each.end).toBeLessThanOrEqual(end);
    }
    expect(findEvidence(`「${typed}」`, [{ ...page(text), id: `p${seed}` }])).toHaveLength(1);
  }
});

test('property: evidence lies within bounds, in order, without overlap, whatever the answer', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const pick = random(seed * 7919);
    let answer = '';
    const bits = [
      '"',
      '“',
      '”',
      '«',
      "'",
      '’',
      ' ',
      '\n> ',
      'The ferry left at dawn.',
      '48213',
      '…',
      'of',
    ];
    for (let i = 0; i < 60; i += 1) answer += bits[pick(bits.length)]!;
    let reached = 0;
    for (const each of findEvidence(answer, [story])) {
      expect(each.answerStart).toBeGreaterThanOrEqual(reached);
      expect(each.answerEnd).toBeGreaterThan(each.answerStart);
      expect(each.end).toBeGreaterThan(each.start);
      expect(each.end).toBeLessThanOrEqual(story.text.length);
      reached = each.answerEnd;
    }
  }
});

test('a text of five million characters is searched in a blink', () => {
  const line = 'All happy families are alike; each unhappy family is unhappy in its own way.\n\n';
  const text = `${line.repeat(64_000)}The needle lies under the seventh stone.\n`;
  const document = { ...page(text), id: 'long' };
  findEvidence('“The needle lies under the seventh stone”', [document]); // indexes it
  const answer =
    '“The needle lies under the seventh stone”. “A sentence that is not there at all.”';
  const times = [1, 2, 3].map(() => {
    const begun = performance.now();
    expect(findEvidence(answer, [document])).toHaveLength(1);
    return performance.now() - begun;
  });
  expect(Math.min(...times)).toBeLessThan(50);
});
