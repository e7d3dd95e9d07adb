import { describe, expect, test } from 'vitest';
import type { ContextUse } from '../../../main/contract/index.js';
import { askBlock } from '../../../renderer/chat/ask-block.js';
import { meterOf, remedyFor } from '../../../renderer/chat/context-parts.js';
import { levelBand, meanKept } from '../../../renderer/chat/levels.js';

function use(limit: number, more: Partial<ContextUse> = {}): ContextUse {
  const parts = {
    documents: [
      { documentId: 'a', tokens: 600 },
      { documentId: 'b', tokens: 200 },
    ],
    history: 100,
    question: 20,
    template: 10,
    reply: 256,
    ...more,
  };
  const { history, question, template, reply } = parts;
  const documents = parts.documents.reduce((sum, each) => sum + each.tokens, 0);
  const total = documents + history + question + template + reply;
  return { ...parts, total, limit, fits: total <= limit };
}

describe('the meter', () => {
  test('adds up documents, history, question and room for the answer', () => {
    const meter = meterOf(use(2372));
    expect(meter).toMatchObject({ total: 1186, free: 1186, over: 0, fits: true, limitAt: 1 });
    expect(meter.parts.map(({ name, tokens }) => [name, tokens])).toEqual([
      ['documents', 800],
      ['template', 10],
      ['history', 100],
      ['question', 20],
      ['reply', 256],
    ]);
    expect(meter.parts.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(0.5);
  });

  test('lays the parts end to end', () => {
    const { parts } = meterOf(use(1000));
    for (const [index, part] of parts.entries()) {
      const before = parts.slice(0, index).reduce((sum, { width }) => sum + width, 0);
      expect(part.start).toBeCloseTo(before);
    }
  });

  test('shows where the limit stands in what is too long', () => {
    const meter = meterOf(use(593));
    expect(meter).toMatchObject({ over: 593, free: 0, fits: false });
    expect(meter.limitAt).toBeCloseTo(0.5);
    expect(meter.parts.at(-1)!.start + meter.parts.at(-1)!.width).toBeCloseTo(1);
  });

  test('survives a model that is not there', () => {
    const nothing = use(0, { documents: [], history: 0, question: 0, template: 0, reply: 0 });
    expect(meterOf(nothing)).toMatchObject({ over: 0, free: 0, limitAt: 0 });
  });
});

describe('what would make it fit', () => {
  test('nothing when it does', () => expect(remedyFor(use(1186))).toBeNull());
  test('a shorter question', () =>
    expect(remedyFor(use(1500, { question: 500 }))).toBe('shorten-question'));
  test('a new conversation', () =>
    expect(remedyFor(use(1500, { history: 900 }))).toBe('new-conversation'));
  test('less room for the answer', () =>
    expect(remedyFor(use(1500, { reply: 1024, history: 0 }))).toBe('shorter-reply'));
  test('otherwise other documents', () => expect(remedyFor(use(300))).toBe('remove-documents'));
});

test('Ask is refused for the first reason a user would have to clear', () => {
  const free = { draft: 'Why?', connected: true, hasModel: true, answering: false, fits: true };
  expect(askBlock(free)).toBeNull();
  expect(askBlock({ ...free, fits: null })).toBeNull();
  expect(askBlock({ ...free, draft: ' \n' })).toBe('empty');
  expect(askBlock({ ...free, fits: false })).toBe('tooLong');
  expect(askBlock({ ...free, fits: false, answering: true })).toBe('answering');
  expect(askBlock({ ...free, hasModel: false, answering: true })).toBe('noModel');
  expect(askBlock({ ...free, connected: false, hasModel: false })).toBe('disconnected');
});

describe('the slider', () => {
  test.each([
    [0, 'exact'],
    [1, 'careful'],
    [30, 'careful'],
    [31, 'balanced'],
    [60, 'balanced'],
    [61, 'quick'],
    [85, 'quick'],
    [86, 'fast'],
    [100, 'fast'],
  ])('%i is %s', (level, band) => expect(levelBand(level)).toBe(band));

  test('kept is told as a mean over the layers, and not at all without layers', () => {
    expect(meanKept([1, 0.5, 0.75])).toBeCloseTo(0.75);
    expect(meanKept([])).toBeNull();
    expect(meanKept(undefined)).toBeNull();
  });
});
