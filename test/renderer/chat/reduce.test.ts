import { describe, expect, test } from 'vitest';
import {
  addTurn,
  numbered,
  placeTurn,
  reduce,
  type ChatEvent,
} from '../../../renderer/chat/reduce.js';
import { chatState, evidence, turn } from './samples.js';

const token = (turnId: string, text: string, conversationId = 'c1'): ChatEvent => ({
  type: 'token',
  conversationId,
  turnId,
  text,
});
const reading = (tokensDone: number, conversationId = 'c1'): ChatEvent => ({
  type: 'reading',
  conversationId,
  tokensDone,
  tokensTotal: 100,
  tokensPerSecond: 10,
  etaSeconds: null,
});

describe('tokens', () => {
  test('are appended in the order they came, across turns', () => {
    const state = chatState([turn('a'), turn('b', { parentId: 'a' })]);
    const events = [token('b', 'One '), token('b', 'two '), token('a', 'x'), token('b', 'three')];
    const { path } = reduce(state, events).conversation;
    expect(path.map(({ answer }) => answer)).toEqual(['x', 'One two three']);
  });

  test('turn reading into answering', () => {
    const state = chatState([turn('a', { state: 'reading' })]);
    expect(reduce(state, [token('a', 'T')]).conversation.path[0]).toMatchObject({
      state: 'answering',
      answer: 'T',
    });
  });

  test.each(['done', 'stopped', 'failed'] as const)('after %s are already in the answer', (end) => {
    const state = chatState([turn('a', { state: end, answer: 'Whole.' })]);
    expect(reduce(state, [token('a', ' Again.')]).conversation.path[0]!.answer).toBe('Whole.');
  });

  test('of another conversation or an unknown turn change nothing', () => {
    const state = chatState([turn('a')]);
    expect(reduce(state, [token('a', 'x', 'c2')])).toBe(state);
    expect(reduce(state, [token('z', 'x')])).toBe(state);
  });

  test('leave the other turns the objects they were', () => {
    const state = chatState([turn('a', { state: 'done' }), turn('b', { parentId: 'a' })]);
    const after = reduce(state, [token('b', 'x')]);
    expect(after.conversation.path[0]).toBe(state.conversation.path[0]);
  });
});

describe('the end of a turn', () => {
  test('replaces what was streamed, whatever was queued before or after', () => {
    const state = chatState([turn('a')]);
    const done = turn('a', { state: 'done', answer: 'Final.' });
    const events: ChatEvent[] = [token('a', 'Fin'), { type: 'turn', turn: done }, token('a', 'al')];
    expect(reduce(state, events).conversation.path).toEqual([done]);
  });

  test('ends the progress of the reading inside it', () => {
    const state = reduce(chatState([turn('a', { state: 'reading' })]), [reading(40)]);
    expect(state.progress?.tokensDone).toBe(40);
    const after = reduce(state, [{ type: 'turn', turn: turn('a', { state: 'answering' }) }]);
    expect(after.progress).toBeNull();
  });

  test('brings evidence before or after', () => {
    const state = chatState([turn('a')]);
    const found = [evidence(0, 3)];
    const after = reduce(state, [{ type: 'evidence', turnId: 'a', evidence: found }]);
    expect(after.conversation.path[0]!.evidence).toEqual(found);
  });
});

describe('reading', () => {
  test('keeps the latest progress and forgets an earlier failure', () => {
    const failure = { code: 'no_memory', message: 'Too little memory.' } as const;
    const state = chatState([], { readingFailure: failure });
    const after = reduce(state, [reading(10), reading(20), reading(99, 'c2')]);
    expect(after.progress?.tokensDone).toBe(20);
    expect(after.readingFailure).toBeNull();
  });

  test('that ended leaves no progress, and its failure is kept', () => {
    const failure = { code: 'no_memory', message: 'Too little memory.' } as const;
    const ended: ChatEvent = {
      type: 'reading-state',
      state: { conversationId: 'c1', status: 'unread' },
      failure,
    };
    const after = reduce(chatState([]), [reading(10), ended]);
    expect(after.progress).toBeNull();
    expect(after.readingFailure).toEqual(failure);
  });
});

describe('a turn finds its place', () => {
  const a = turn('a');
  const b = turn('b', { parentId: 'a' });
  const c = turn('c', { parentId: 'b' });

  test('after its parent, in place of the branch that stood there', () => {
    const sibling = turn('b2', { parentId: 'a' });
    expect(placeTurn([a, b, c], sibling).map(({ id }) => id)).toEqual(['a', 'b2']);
  });
  test('at the beginning without a parent', () => {
    expect(placeTurn([a, b], turn('z')).map(({ id }) => id)).toEqual(['z']);
  });
  test('nowhere when its parent is not on screen', () => {
    expect(placeTurn([a], turn('x', { parentId: 'gone' }))).toEqual([a]);
  });
  test('and a late answer to Ask does not undo the events that overtook it', () => {
    const state = chatState([turn('a', { answer: 'Already here', state: 'done' })]);
    expect(addTurn(state, turn('a'))).toBe(state);
  });
});

test('references are numbered in the order they are read', () => {
  const places = [evidence(50, 60), evidence(0, 10), evidence(5, 10)];
  expect(numbered(places).map(({ number, answerStart }) => [number, answerStart])).toEqual([
    [1, 0],
    [2, 5],
    [3, 50],
  ]);
});
