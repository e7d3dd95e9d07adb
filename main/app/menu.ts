// The application menu. Its own items are commands to the window; the rest are the platform's roles.
import type { MenuItemConstructorOptions } from 'electron';
import type { MenuWords } from './menu-words.js';

/** What the window understands; the same list as renderer/bridge/electron.ts. */
export type Command = 'import' | 'new-conversation' | 'filter' | 'settings' | 'shortcuts';

export interface MenuActions {
  send: (command: Command) => void;
  about: () => void;
}

type Item = MenuItemConstructorOptions;

const separator: Item = { type: 'separator' };

type NamedRole = Extract<Item['role'], keyof MenuWords>;

const roleItem = (words: MenuWords, role: NamedRole): Item => ({ role, label: words[role] });

const settingsItem = ({ send }: MenuActions, words: MenuWords): Item => ({
  label: words.settings,
  accelerator: 'CommandOrControl+,',
  click: () => send('settings'),
});

function fileMenu(actions: MenuActions, words: MenuWords, mac: boolean): Item {
  return {
    label: words.file,
    submenu: [
      {
        label: words.open,
        accelerator: 'CommandOrControl+O',
        click: () => actions.send('import'),
      },
      {
        label: words.newConversation,
        accelerator: 'CommandOrControl+N',
        click: () => actions.send('new-conversation'),
      },
      separator,
      ...(mac ? [] : [settingsItem(actions, words), separator]),
      roleItem(words, mac ? 'close' : 'quit'),
    ],
  };
}

function editMenu({ send }: MenuActions, words: MenuWords): Item {
  const role = (name: NamedRole) => roleItem(words, name);
  return {
    label: words.edit,
    submenu: [
      role('undo'),
      role('redo'),
      separator,
      role('cut'),
      role('copy'),
      role('paste'),
      role('selectAll'),
      separator,
      {
        label: words.find,
        accelerator: 'CommandOrControl+Shift+F',
        click: () => send('filter'),
      },
    ],
  };
}

function viewMenu(words: MenuWords): Item {
  const role = (name: NamedRole) => roleItem(words, name);
  return {
    label: words.view,
    submenu: [
      role('reload'),
      role('toggleDevTools'),
      separator,
      role('resetZoom'),
      role('zoomIn'),
      role('zoomOut'),
      separator,
      role('togglefullscreen'),
    ],
  };
}

function windowMenu(words: MenuWords): Item {
  const roles = ['minimize', 'zoom', 'close'] as const;
  return {
    label: words.window,
    role: 'windowMenu',
    submenu: roles.map((role) => roleItem(words, role)),
  };
}

function macMenu(actions: MenuActions, words: MenuWords): Item {
  const role = (name: NamedRole) => roleItem(words, name);
  return {
    label: 'Longleaf',
    submenu: [
      { label: words.about, click: actions.about },
      separator,
      settingsItem(actions, words),
      separator,
      role('hide'),
      role('hideOthers'),
      role('unhide'),
      separator,
      role('quit'),
    ],
  };
}

function helpMenu({ send, about }: MenuActions, words: MenuWords, mac: boolean): Item {
  const shortcuts: Item = { label: words.shortcuts, click: () => send('shortcuts') };
  const items = mac ? [shortcuts] : [shortcuts, separator, { label: words.about, click: about }];
  return { label: words.help, role: 'help', submenu: items };
}

export function menuTemplate(
  actions: MenuActions,
  platform: NodeJS.Platform,
  words: MenuWords,
): Item[] {
  const mac = platform === 'darwin';
  return [
    ...(mac ? [macMenu(actions, words)] : []),
    fileMenu(actions, words, mac),
    editMenu(actions, words),
    viewMenu(words),
    windowMenu(words),
    helpMenu(actions, words, mac),
  ];
}
