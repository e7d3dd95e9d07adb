// Anchors cover a text without gaps, whatever it looks like, and can be found from any position in it.
import { expect, test } from 'vitest';
import type { Anchor } from '../../../main/contract/index.js';
import {
  anchorAt,
  lineAnchors,
  partAnchors,
  sectionAnchors,
} from '../../../main/services/documents/anchors.js';
import { maxAnchorCharacters } from '../../../main/services/documents/limits.js';
import { oneLine } from '../../../main/services/documents/normalise.js';
import { chooseTitle } from '../../../main/services/documents/title.js';

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomText(pick: (below: number) => number): string {
  const bits = ['word ', '\n', '\n\n', 'sentence. ', '𝒳', 'x'.repeat(300), '\t', 'a\n'];
  let text = '';
  const length = pick(3) === 0 ? pick(40_000) : pick(400);
  while (text.length < length) text += bits[pick(bits.length)];
  return text;
}

function expectCovering(text: string, anchors: Anchor[]): void {
  let reached = 0;
  for (const { start, end } of anchors) {
    expect(start).toBe(reached);
    expect(end).toBeGreaterThan(start);
    expect(end - start).toBeLessThanOrEqual(maxAnchorCharacters);
    expect(/[\uDC00-\uDFFF]/.test(text[start] ?? '')).toBe(false);
    reached = end;
  }
  expect(reached).toBe(text.length);
}

test('property: anchors of every kind cover the text without a gap', () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const pick = random(seed);
    const text = randomText(pick);
    const starts = Array.from({ length: pick(6) }, () => pick(text.length + 1));
    const sections = starts
      .sort((one, other) => one - other)
      .map((start, i) => ({
        label: `Section ${i}`,
        start: text.codePointAt(start - 1)! > 0xffff ? start - 1 : start,
      }));
    expectCovering(text, lineAnchors(text));
    expectCovering(text, partAnchors(text));
    expectCovering(text, sectionAnchors(text, sections, 'Beginning'));
  }
});

test('property: the anchor of a position is the one that holds it', () => {
  const text = 'one two three\n'.repeat(1000);
  const anchors = lineAnchors(text);
  for (let position = 0; position < text.length; position += 97) {
    const anchor = anchorAt(anchors, position);
    expect(anchor && anchor.start <= position && position < anchor.end).toBe(true);
  }
  expect(anchorAt(anchors, text.length)).toBeUndefined();
  const pages = [
    { label: 'Page 1', start: 0, end: 5 },
    { label: 'Page 2', start: 5, end: 5 },
    { label: 'Page 3', start: 5, end: 9 },
  ];
  expect(anchorAt(pages, 5)?.label).toBe('Page 3');
});

test('line numbers are those an editor shows', () => {
  const text = Array.from({ length: 250 }, (_, i) => `line ${i + 1}`).join('\n');
  for (const { label, start } of lineAnchors(text)) {
    const first = Number(/\d+/.exec(label)?.[0]);
    expect(text.slice(start).startsWith(`line ${first}\n`)).toBe(true);
  }
});

test('labels and titles are one short line', () => {
  expect(oneLine(' The\n  Ferry\t')).toBe('The Ferry');
  expect(oneLine('word '.repeat(60)).length).toBeLessThanOrEqual(120);
  expect(oneLine('word '.repeat(60)).endsWith('word…')).toBe(true);
  expect(chooseTitle(['Microsoft Word - thesis_final.doc', undefined], 'my_thesis.pdf')).toBe(
    'my thesis',
  );
  expect(chooseTitle(['Untitled', '  '], '.pdf')).toBe('.pdf');
});
