import { expect, test } from 'vitest';
import type { ContextUse, FittingChoices } from '../../../main/contract/index.js';
import { roomMakers } from '../../../renderer/chat/room-makers.js';

const use = (fields: Partial<ContextUse>): ContextUse => ({
  documents: [{ documentId: 'd', tokens: 9000 }],
  history: 0,
  question: 5,
  template: 3,
  reply: 512,
  total: 9520,
  limit: 9000,
  fits: false,
  ...fields,
});
const nothing: FittingChoices = { over: 520, documents: [], ranges: [], models: [] };
const labels = (of: ContextUse, choices: FittingChoices) =>
  roomMakers(of, choices).map(({ label }) => label);

test('only what would do is offered', () => {
  expect(labels(use({}), nothing)).toEqual([]);
  expect(labels(use({ history: 521 }), nothing)).toEqual(['Start a new conversation']);
  expect(labels(use({ history: 520 }), nothing)).toEqual([]);
  expect(labels(use({}), { ...nothing, over: 112 })).toEqual([
    'Keep room for an answer of 400 tokens',
  ]);
  expect(labels(use({}), { ...nothing, over: 400 })).toEqual([]);
});

test('another model, the whole context and 8 bits say what they hold', () => {
  const models = [{ modelId: 'm', title: 'Larger', contextTokens: 131_072 }];
  const makers = roomMakers(use({}), { ...nothing, models, context: 20_000, q8: 17_000 });
  expect(makers.map(({ label, hint }) => `${label}: ${hint}`)).toEqual([
    'Use Larger: another model on your list, which holds 131,072 tokens',
    'Use all the context there is room for: the settings keep it short; 20,000 tokens would fit',
    'Keep the reading in 8 bits: about 17,000 tokens then fit; answers may differ a little',
  ]);
});
