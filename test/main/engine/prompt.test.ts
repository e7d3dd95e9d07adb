import { expect, test } from 'vitest';
import { messagesOf } from '../../../main/engine/prompt.js';
import type { Prompt } from '../../../main/contract/index.js';

const documents = [
  { id: 'a', title: 'First\n\nbook', text: 'One.' },
  { id: 'b', title: ' ', text: 'Two.' },
];
const system = (prompt: Prompt) =>
  messagesOf(prompt)[0]
    ?.pieces.map(({ text }) => text)
    .join('');

test('one document in style "document" is the bare text', () => {
  const prompt: Prompt = { style: 'document', documents: documents.slice(0, 1), turns: [] };
  expect(system(prompt)).toBe('One.');
});

test('several documents get clear headings, but for the first, which may have been read alone', () => {
  const prompt: Prompt = { style: 'document', documents, turns: [] };
  expect(system(prompt)).toBe('One.\n\n# Document 2: untitled\n\nTwo.');
});

test('what was read of one document is the beginning of what is read of two', () => {
  for (const style of ['document', 'instructed'] as const) {
    const one = system({ style, documents: documents.slice(0, 1), turns: [] });
    expect(system({ style, documents, turns: [] })?.startsWith(one ?? '-')).toBe(true);
  }
});

test('style "instructed" says what to do first', () => {
  const prompt: Prompt = { style: 'instructed', documents: documents.slice(0, 1), turns: [] };
  expect(system(prompt)).toMatch(
    /^You answer questions .*did not find it\.\n\n# Document 1: First book\n\nOne\.$/,
  );
});

test('a conversation without documents has no system message', () => {
  const prompt: Prompt = { style: 'document', documents: [], turns: [], question: 'Q' };
  expect(messagesOf(prompt).map(({ role }) => role)).toEqual(['user']);
});
