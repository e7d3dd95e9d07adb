import { describe, expect, test } from 'vitest';
import { spotFor } from '../../../renderer/ui/place-below.js';
import { readRoute } from '../../../renderer/ui/route.js';
import { commandOf, isMac, type KeyPress } from '../../../renderer/ui/shortcuts.js';
import { StickState } from '../../../renderer/ui/stick-to-bottom.js';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: `Key${key.toUpperCase()}`,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

describe('a key press', () => {
  test.each([
    ['o', 'import'],
    ['K', 'filter'],
    [',', 'settings'],
    ['d', 'document'],
    ['/', 'shortcuts'],
    ['n', 'new-conversation'],
    ['x', null],
  ])('Ctrl+%s', (key, command) => {
    expect(commandOf(press(key, { ctrlKey: true }), false, true)).toBe(command);
    expect(commandOf(press(key, { metaKey: true }), true, true)).toBe(command);
    expect(commandOf(press(key, { metaKey: true }), false, true)).toBeNull();
    expect(commandOf(press(key), false, false)).toBeNull();
  });

  test('Alt+N works where the browser keeps Ctrl+N, whatever letter Alt makes of it', () => {
    const alt = press('˜', { altKey: true, code: 'KeyN' });
    expect(commandOf(alt, true, true)).toBe('new-conversation');
  });

  test('a question mark asks for the list only outside a field', () => {
    expect(commandOf(press('?', { shiftKey: true }), false, false)).toBe('shortcuts');
    expect(commandOf(press('?', { shiftKey: true }), false, true)).toBeNull();
  });

  test('Escape always means escape', () => {
    expect(commandOf(press('Escape'), false, true)).toBe('escape');
    expect([isMac('MacIntel'), isMac('darwin'), isMac('Linux x86_64')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('a popover', () => {
  const view = { width: 800, height: 600 };
  const size = { width: 200, height: 300 };
  test('opens below its button', () => {
    const button = { left: 100, right: 140, top: 20, bottom: 50 };
    expect(spotFor(button, size, view)).toEqual({ left: 100, top: 54 });
  });
  test('opens above where there is more room, and inside the window', () => {
    const button = { left: 750, right: 790, top: 500, bottom: 530 };
    expect(spotFor(button, size, view)).toEqual({ left: 590, top: 196 });
  });
});

test('the address names the conversation', () => {
  expect(readRoute('#c=a%20b')).toEqual({ conversationId: 'a b' });
  expect(readRoute('#c=')).toEqual({ conversationId: null });
  expect(readRoute('')).toEqual({ conversationId: null });
});

describe('the view of a growing answer', () => {
  const at = (scrollTop: number, scrollHeight = 2000) => ({
    scrollTop,
    scrollHeight,
    clientHeight: 500,
  });

  test('follows the end until the reader scrolls up, and again once they return', () => {
    const state = new StickState();
    expect(state.resized(at(0))).toBe(1500);
    state.scrolled(at(1500));
    state.scrolled(at(1200));
    expect(state.resized(at(1200, 2100))).toBeNull();
    state.scrolled(at(1590, 2100));
    expect(state.resized(at(1590, 2200))).toBe(1700);
  });

  test('lets go of a reader who scrolled up by less than the content had just grown', () => {
    const state = new StickState();
    expect(state.resized(at(0))).toBe(1500);
    expect(state.resized(at(1500, 3000))).toBe(2500);
    state.scrolled(at(1600, 3000));
    expect(state.sticking).toBe(false);
  });

  test('lets go of a reader whose wheel turns up, whatever it hears of its own scrolling', () => {
    const state = new StickState();
    expect(state.resized(at(0))).toBe(1500);
    state.wheeledUp();
    state.scrolled(at(1500));
    expect(state.resized(at(1500, 3000))).toBeNull();
    state.scrolled(at(2500, 3000));
    expect(state.sticking).toBe(true);
  });

  test('is not fooled by content that shrank', () => {
    const state = new StickState();
    state.scrolled(at(1500));
    state.scrolled(at(1300, 1800));
    expect(state.sticking).toBe(true);
  });
});
