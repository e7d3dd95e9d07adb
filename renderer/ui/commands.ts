// What the shortcuts and the application menu do. True when the command did something.
import type { AppStore } from '../app.svelte.js';

export interface Commands {
  run(command: string): boolean;
}

export function createCommands(app: AppStore, pick: () => void): Commands {
  const dialogOpen = () => document.querySelector('dialog[open]') !== null;
  const actions: Record<string, () => boolean> = {
    import: () => done(pick),
    'new-conversation': () => done(() => void app.newConversation()),
    filter: () => done(() => focusFilter(app)),
    settings: () => done(() => (app.settingsOpen = 'model')),
    document: () => done(() => toggleDocument(app)),
    find: () => findInDocument(app),
    shortcuts: () => done(() => (app.shortcutsOpen = true)),
    escape: () => escape(app),
  };
  return {
    run(command) {
      if (dialogOpen()) return false;
      return actions[command]?.() ?? false;
    },
  };
}

function done(act: () => void): boolean {
  act();
  return true;
}

function focusFilter(app: AppStore): void {
  app.libraryOpen = true;
  // The library may be sliding in: an element that is still hidden cannot take focus.
  setTimeout(() => document.getElementById('library-filter')?.focus(), 30);
}

function toggleDocument(app: AppStore): void {
  const [first] = app.chat.documentIds;
  if (app.viewer.open) app.viewer.close();
  else if (app.viewer.document) app.viewer.open = true;
  else if (first) void app.viewer.show(first);
}

/** With no document open the browser's own search is left alone. */
function findInDocument(app: AppStore): boolean {
  if (!app.viewer.open || !app.viewer.document) return false;
  app.find.open = true;
  setTimeout(() => document.getElementById('document-find')?.focus(), 30);
  return true;
}

/** One thing at a time, the most urgent first: an answer, then what lies over the conversation. */
function escape(app: AppStore): boolean {
  if (app.libraryOpen) return done(() => (app.libraryOpen = false));
  if (app.chat.busyTurn) return done(() => void app.chat.stop());
  if (app.viewer.open && app.find.open) return done(() => app.find.close());
  if (app.viewer.open) return done(() => app.viewer.close());
  return false;
}
