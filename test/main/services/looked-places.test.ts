import { expect, test } from 'vitest';
import { lookedPlaces, wholeSentences } from '../../../main/services/looked-places.js';

const text = 'The mule ate. The ferry’s code is 48213, they say. Nobody asked.\nThe end.';
const documents = [
  {
    id: 'd',
    text,
    anchors: [
      { label: 'Page 1', start: 0, end: 65 },
      { label: 'Page 2', start: 65, end: text.length },
    ],
  },
];
const at = (words: string) => ({
  start: text.indexOf(words),
  end: text.indexOf(words) + words.length,
});

test('a stretch becomes the sentences it touches', () => {
  const sentence = (words: string) => {
    const { start, end } = at(words);
    const range = wholeSentences(text, start, end);
    return text.slice(range.start, range.end);
  };
  expect(sentence('48213')).toBe('The ferry’s code is 48213, they say.');
  expect(sentence('mule')).toBe('The mule ate.');
  expect(sentence('ate. The')).toBe('The mule ate. The ferry’s code is 48213, they say.');
  expect(sentence('Nobody asked.')).toBe('Nobody asked.');
  expect(sentence('end')).toBe('The end.');
});

test('places carry their page and share, and belong to the whole answer', () => {
  const looked = [{ index: 0, ...at('48213'), share: 0.7 }];
  expect(lookedPlaces(looked, documents, [], 20)).toEqual([
    {
      documentId: 'd',
      ...at('The ferry’s code is 48213, they say.'),
      anchorLabel: 'Page 1',
      looked: 0.7,
      answerStart: 20,
      answerEnd: 20,
    },
  ]);
});

test('what is quoted, and what was named already, is not named again', () => {
  const looked = [
    { index: 0, ...at('48213'), share: 0.5 },
    { index: 0, ...at('they say'), share: 0.3 },
    { index: 0, ...at('Nobody'), share: 0.2 },
    { index: 7, start: 0, end: 1, share: 0.1 },
  ];
  const range = at('Nobody asked.');
  const quoted = [
    { documentId: 'd', ...range, anchorLabel: 'Page 1', answerStart: 0, answerEnd: 9 },
  ];
  expect(lookedPlaces(looked, documents, quoted, 9).map(({ looked: share }) => share)).toEqual([
    0.5,
  ]);
});

test('places of a part are places of the whole', () => {
  const offset = text.indexOf('The ferry');
  const part = [{ ...documents[0]!, text: text.slice(offset), offset }];
  const { start, end } = at('48213');
  const looked = [{ index: 0, start: start - offset, end: end - offset, share: 0.7 }];
  const [place] = lookedPlaces(looked, part, [], 20);
  expect(place).toMatchObject({
    ...at('The ferry’s code is 48213, they say.'),
    anchorLabel: 'Page 1',
  });
});
