import { describe, expect, test } from 'vitest';
import { isHardWrapped, paragraphsOf, splitAt } from '../../../renderer/documents/paragraphs.js';
import { estimateHeight, Heights } from '../../../renderer/documents/virtual.js';

describe('paragraphs', () => {
  const text = 'First line.\n\n\nSecond paragraph,\nin verse.\n \n  \nThird.';

  test('know where they begin and lose nothing but the gaps', () => {
    const paragraphs = paragraphsOf(text);
    expect(paragraphs.map((each) => each.text)).toEqual([
      'First line.',
      'Second paragraph,\nin verse.',
      'Third.',
    ]);
    for (const { text: piece, start } of paragraphs)
      expect(text.slice(start, start + piece.length)).toBe(piece);
  });

  test('are folded where a page broke the lines, not where the writer did', () => {
    const printed = `${'a line as wide as the page it was printed on, on paper '.trim()}\n`.repeat(
      3,
    );
    expect(isHardWrapped(printed)).toBe(true);
    expect(isHardWrapped('Tyger tyger,\nburning bright')).toBe(false);
    expect(isHardWrapped('one line of any length at all, however long it may become')).toBe(false);
  });

  test('are cut around a marked range, also one that only touches them', () => {
    const [, second] = paragraphsOf(text);
    const from = second!.start + 7;
    expect(splitAt(second!, from, from + 9)).toEqual([
      { text: 'Second ', marked: false },
      { text: 'paragraph', marked: true },
      { text: ',\nin verse.', marked: false },
    ]);
    expect(splitAt(second!, 0, second!.start + 6)[0]).toEqual({ text: 'Second', marked: true });
    expect(splitAt(second!, 0, 5)).toEqual([{ text: second!.text, marked: false }]);
  });
});

describe('heights of a long document', () => {
  const heights = () => new Heights(Array.from({ length: 10_000 }, () => 100));

  test('tell which anchors are on screen', () => {
    expect(heights().window(50_000, 600, 200)).toEqual({
      from: 498,
      to: 509,
      before: 49_800,
      after: 949_100,
    });
    expect(heights().window(0, 600, 200).from).toBe(0);
    expect(heights().window(999_500, 600, 200).to).toBe(10_000);
  });

  test('are corrected by measuring', () => {
    const measured = heights();
    expect(measured.measure(3, 100.4)).toBe(false);
    expect(measured.measure(3, 350)).toBe(true);
    expect(measured.topOf(4)).toBe(650);
    expect(measured.total).toBe(1_000_250);
    expect(measured.at(649)).toBe(3);
    expect(measured.at(650)).toBe(4);
  });

  test('of nothing are nothing', () => {
    expect(new Heights([]).window(0, 600, 200)).toEqual({ from: 0, to: 0, before: 0, after: 0 });
    expect(estimateHeight(620, 62, 26, 72)).toBe(11 * 26 + 72);
  });
});
