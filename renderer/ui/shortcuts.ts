// Which key means which command. Ctrl on Linux and Windows, Cmd on macOS.
import { words } from '../strings/index.js';

export type ShortcutCommand =
  | 'import'
  | 'new-conversation'
  | 'filter'
  | 'settings'
  | 'document'
  | 'find'
  | 'shortcuts'
  | 'escape';

export type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'
>;

export const isMac = (platform: string): boolean => /mac|iphone|ipad|darwin/i.test(platform);

/** The key that Ctrl or Cmd makes a command, in the order of the list people see, which has all of them. */
export const keyOf: Record<Exclude<ShortcutCommand, 'escape'>, string> = {
  import: 'o',
  'new-conversation': 'n',
  filter: 'k',
  document: 'd',
  find: 'f',
  settings: ',',
  shortcuts: '/',
};

const withModifier = new Map(
  Object.entries(keyOf).map(([command, key]) => [key, command as ShortcutCommand]),
);

export function commandOf(press: KeyPress, mac: boolean, typing: boolean): ShortcutCommand | null {
  if (press.key === 'Escape') return 'escape';
  const modifier = mac ? press.metaKey && !press.ctrlKey : press.ctrlKey && !press.metaKey;
  // Browsers keep Ctrl+N for themselves: Alt+N does the same everywhere.
  if (press.altKey && !press.ctrlKey && !press.metaKey && press.code === 'KeyN')
    return 'new-conversation';
  if (modifier && !press.altKey) return withModifier.get(press.key.toLowerCase()) ?? null;
  if (press.key === '?' && !typing && !press.ctrlKey && !press.metaKey) return 'shortcuts';
  return null;
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** The keys of a command as people read them. */
export function keysOf(key: string, mac: boolean): string[] {
  return [mac ? '⌘' : words.shortcuts.keys.control, key.toUpperCase()];
}
