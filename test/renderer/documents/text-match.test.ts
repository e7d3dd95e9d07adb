import { expect, test } from 'vitest';
import { essence, matchOnPage, occurrencesBefore } from '../../../renderer/documents/text-match.js';

const items = ['The ofﬁce of the gil-', 'ded ferry ', 'is closed. The ferry', ' waits.'];

const found = (passage: string, nth = 0): string | null => {
  const match = matchOnPage(items, passage, nth);
  if (!match) return null;
  const { from, to } = match;
  if (from.item === to.item) return items[from.item]!.slice(from.offset, to.offset + 1);
  const between = items.slice(from.item + 1, to.item);
  return [
    items[from.item]!.slice(from.offset),
    ...between,
    items[to.item]!.slice(0, to.offset + 1),
  ].join('|');
};

test('only letters and digits count, ligatures taken apart', () => {
  expect(essence('The ofﬁce, “48 213”!')).toBe('theoffice48213');
});

test('a passage is found across stretches and joined hyphens', () => {
  expect(found('office of the gilded ferry is closed.')).toBe(
    'ofﬁce of the gil-|ded ferry |is closed',
  );
  expect(found('gilded')).toBe('gil-|ded');
});

test('of several the one asked for, and of too few the last', () => {
  expect(found('ferry')).toBe('ferry');
  expect(matchOnPage(items, 'ferry', 0)?.from.item).toBe(1);
  expect(matchOnPage(items, 'ferry', 1)?.from.item).toBe(2);
  expect(matchOnPage(items, 'ferry', 9)?.from.item).toBe(2);
});

test('a passage that runs on is marked to the end of the page', () => {
  expect(found('is closed. The ferry waits. On the next page it rains.')).toBe(
    'is closed. The ferry| waits',
  );
  expect(found('waits. On the next page it rains and rains.')).toBeNull();
});

test('what is not there, or holds no letters, is not marked', () => {
  expect(found('Nowhere')).toBeNull();
  expect(found('…')).toBeNull();
  expect(occurrencesBefore('a ferry, a Ferry and a fer-\nry', 'ferry')).toBe(3);
});
