import { expect, test } from 'vitest';
import { announcement } from '../../../renderer/chat/announce.js';
import { turn } from './samples.js';

test('an answer is announced when it begins and read out once, when it has ended', () => {
  const begun = turn('a');
  expect(announcement(null, begun)).toBe('Answering');
  const growing = turn('a', { answer: 'The code' });
  expect(announcement(begun, growing)).toBeNull();
  expect(announcement(growing, turn('a', { answer: 'The code is' }))).toBeNull();
  const done = turn('a', { answer: 'The code is 48213.', state: 'done' });
  expect(announcement(growing, done)).toBe('The answer is ready. The code is 48213.');
  expect(announcement(done, done)).toBeNull();
});

test('a long answer is only counted', () => {
  const done = turn('a', { answer: 'word '.repeat(1240), state: 'done' });
  expect(announcement(turn('a'), done)).toBe('The answer is ready. 1,240 words.');
});

test('a conversation that is opened is not read out', () => {
  expect(announcement(null, turn('a', { answer: 'Old.', state: 'done' }))).toBeNull();
  expect(announcement(turn('b'), null)).toBeNull();
});

test('stopped and empty answers are told, failures tell themselves', () => {
  const stopped = turn('a', { answer: 'The', state: 'stopped' });
  expect(announcement(turn('a'), stopped)).toMatch(/^Stopped\. What had been written/);
  expect(announcement(turn('a'), turn('a', { state: 'done' }))).toBe('The model gave no answer.');
  expect(announcement(turn('a'), turn('a', { state: 'failed' }))).toBeNull();
});
