import { expect, test } from 'vitest';
import type { Evidence, LabelledRange } from '../../../main/contract/index.js';
import { collect, fileName, toMarkdown } from '../../../renderer/export/conversation.js';
import { chatState, turn } from '../chat/samples.js';
import { stats } from '../../../renderer/bridge/fake-data.js';

const answer = 'It says “the code is 48213” somewhere.';
const place = (fields: Partial<Evidence>): Evidence => ({
  documentId: 'd',
  start: 10,
  end: 30,
  answerStart: answer.indexOf('the code'),
  answerEnd: answer.indexOf('”'),
  anchorLabel: 'Page 3',
  ...fields,
});
const sources = {
  titleOf: (_id: string, range?: LabelledRange) =>
    range ? `The Ledger, ${range.first} to ${range.last}` : 'The Ledger',
  textOf: async ({ looked }: Evidence) =>
    looked === undefined ? 'the code\nis 48213' : 'Near it.',
};

async function exported(fields: Parameters<typeof turn>[1]) {
  const { conversation } = chatState([turn('a', { question: 'What code?', answer, ...fields })]);
  return collect({ ...conversation, title: 'Codes', documentIds: ['d'] }, sources);
}

test('Markdown has the question, the answer with its numbers, and what stands at each place', async () => {
  const length = answer.length;
  const looked = place({ looked: 0.4, answerStart: length, answerEnd: length });
  const text = toMarkdown(await exported({ evidence: [place({}), looked] }));
  expect(text).toContain('# Codes');
  expect(text).toContain('Documents: The Ledger');
  expect(text).toContain('## What code?');
  expect(text).toContain('It says “the code is 48213” [1] somewhere.');
  expect(text).toContain('- [1] The Ledger, Page 3 (quoted word for word): “the code is 48213”');
  expect(text).toContain('- [2] The Ledger, Page 3 (looked at): “Near it.”');
});

test('what ended early says so', async () => {
  const stopped = toMarkdown(await exported({ state: 'stopped' }));
  expect(stopped).toContain('*Stopped. What had been written is kept.*');
});

test('file names suit every system', () => {
  expect(fileName('What is 3/4: "three"?', 'md')).toBe('What is 3 4 three.md');
  expect(fileName(' ... ', 'html')).toBe('Longleaf.html');
  expect(fileName('x'.repeat(200), 'md')).toHaveLength(83);
});

test('a part of a document is named, also where a turn was about another part', async () => {
  const part = (first: string, last: string) => ({
    d: { from: 0, to: 1, first, last },
  });
  const about = { ...stats, documentIds: ['d'], ranges: part('Page 1', 'Page 3') };
  const { conversation } = chatState([
    turn('a', { question: 'Then?', answer, stats: about }),
    turn('b', { question: 'Now?', answer, stats: { ...about, ranges: part('Page 4', 'Page 9') } }),
  ]);
  const now = { documentIds: ['d'], ranges: part('Page 4', 'Page 9') };
  const text = toMarkdown(await collect({ ...conversation, ...now }, sources));
  expect(text).toContain('Documents: The Ledger, Page 4 to Page 9');
  expect(text.match(/About: .*/g)).toEqual(['About: The Ledger, Page 1 to Page 3*']);
});
