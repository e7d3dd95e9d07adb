// The application menu. Its own items are commands to the window; the rest are the platform's roles.
import type { MenuItemConstructorOptions } from 'electron';

/** What the window understands; the same list as renderer/bridge/electron.ts. */
export type Command = 'import' | 'new-conversation' | 'filter' | 'settings' | 'shortcuts';

export interface MenuActions {
  send: (command: Command) => void;
  about: () => void;
}

type Item = MenuItemConstructorOptions;

const separator: Item = { type: 'separator' };

function fileMenu({ send }: MenuActions, mac: boolean): Item {
  const settings: Item = {
    label: 'Settings…',
    accelerator: 'CommandOrControl+,',
    click: () => send('settings'),
  };
  return {
    label: 'File',
    submenu: [
      {
        label: 'Open document…',
        accelerator: 'CommandOrControl+O',
        click: () => send('import'),
      },
      {
        label: 'New conversation',
        accelerator: 'CommandOrControl+N',
        click: () => send('new-conversation'),
      },
      separator,
      ...(mac ? [] : [settings, separator]),
      mac ? { role: 'close' } : { role: 'quit' },
    ],
  };
}

function editMenu({ send }: MenuActions): Item {
  const roles = ['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll'] as const;
  return {
    label: 'Edit',
    submenu: [
      ...roles.slice(0, 2).map((role) => ({ role })),
      separator,
      ...roles.slice(2).map((role) => ({ role })),
      separator,
      {
        label: 'Find in library',
        accelerator: 'CommandOrControl+Shift+F',
        click: () => send('filter'),
      },
    ],
  };
}

const viewMenu: Item = {
  label: 'View',
  submenu: [
    { role: 'reload' },
    { role: 'toggleDevTools' },
    separator,
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    separator,
    { role: 'togglefullscreen' },
  ],
};

function macMenu({ send, about }: MenuActions): Item {
  return {
    label: 'Longleaf',
    submenu: [
      { label: 'About Longleaf', click: about },
      separator,
      { label: 'Settings…', accelerator: 'Command+,', click: () => send('settings') },
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      { role: 'quit' },
    ],
  };
}

function helpMenu({ send, about }: MenuActions, mac: boolean): Item {
  const shortcuts: Item = { label: 'Keyboard shortcuts', click: () => send('shortcuts') };
  const items = mac
    ? [shortcuts]
    : [shortcuts, separator, { label: 'About Longleaf', click: about }];
  return { label: 'Help', role: 'help', submenu: items };
}

export function menuTemplate(actions: MenuActions, platform: NodeJS.Platform): Item[] {
  const mac = platform === 'darwin';
  return [
    ...(mac ? [macMenu(actions)] : []),
    fileMenu(actions, mac),
    editMenu(actions),
    viewMenu,
    { role: 'windowMenu' },
    helpMenu(actions, mac),
  ];
}
