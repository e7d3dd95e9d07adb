import { expect, test } from 'vitest';
import type { Anchor } from '../../../main/contract/index.js';
import {
  checkedRange,
  rangeName,
  titleWithRange,
  typedRange,
} from '../../../renderer/documents/ranges.js';

const labels = ['i', 'ii', '1', '2', '3', '4'];
const anchors: Anchor[] = labels.map((label, at) => ({
  label: `Page ${label}`,
  start: at * 10,
  end: at * 10 + 10,
}));
const document = { anchorCount: 900 };

test('pages are named by what is printed on them, sections by their titles', () => {
  const pages = { first: 'Page 10', last: 'Page 250' };
  expect(rangeName(pages, document)).toBe('pages 10–250 of 900');
  expect(rangeName({ first: 'Page iv', last: 'Page iv' }, document)).toBe('page iv of 900');
  const chapters = { first: 'Chapter 2: The Ferry', last: 'Chapter 5' };
  expect(rangeName(chapters, document)).toBe('Chapter 2: The Ferry to Chapter 5');
  expect(titleWithRange('Book', { from: 9, to: 250, ...pages }, undefined)).toBe(
    'Book, Page 10 to Page 250',
  );
  expect(titleWithRange('Book', undefined, undefined)).toBe('Book');
});

test('what is typed is a printed name first, and a count where no page has that name', () => {
  expect(typedRange(anchors, 'ii', ' 2 ')).toEqual({ range: { from: 1, to: 4 } });
  expect(typedRange(anchors, '1', '6')).toEqual({ range: { from: 2, to: 6 } });
  expect(typedRange(anchors, 'II', '3')).toEqual({ range: { from: 1, to: 5 } });
});

test('what is no range says why', () => {
  expect(typedRange(anchors, '', '2')).toEqual({ problem: 'empty' });
  expect(typedRange(anchors, '1', '7')).toEqual({ problem: 'unknown', page: '7' });
  expect(typedRange(anchors, 'x', '2')).toEqual({ problem: 'unknown', page: 'x' });
  expect(typedRange(anchors, '0', '2')).toEqual({ problem: 'unknown', page: '0' });
  expect(typedRange(anchors, '3', '1')).toEqual({ problem: 'reversed' });
  expect(checkedRange(2, 2)).toEqual({ range: { from: 2, to: 3 } });
});
