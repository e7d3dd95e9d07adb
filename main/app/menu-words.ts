// The words of the application menu. The platform's own items are named here, too: Electron names them in English.
import type { Settings } from '../contract/index.js';

const en = {
  file: 'File',
  open: 'Open document…',
  newConversation: 'New conversation',
  settings: 'Settings…',
  edit: 'Edit',
  find: 'Find in library',
  view: 'View',
  help: 'Help',
  shortcuts: 'Keyboard shortcuts',
  about: 'About Longleaf',
  window: 'Window',
  minimize: 'Minimise',
  zoom: 'Zoom',
  close: 'Close window',
  quit: 'Quit',
  undo: 'Undo',
  redo: 'Redo',
  cut: 'Cut',
  copy: 'Copy',
  paste: 'Paste',
  selectAll: 'Select all',
  reload: 'Reload',
  toggleDevTools: 'Developer tools',
  resetZoom: 'Actual size',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  togglefullscreen: 'Full screen',
  hide: 'Hide Longleaf',
  hideOthers: 'Hide others',
  unhide: 'Show all',
};

export type MenuWords = typeof en;

const de: MenuWords = {
  file: 'Datei',
  open: 'Dokument öffnen…',
  newConversation: 'Neue Unterhaltung',
  settings: 'Einstellungen…',
  edit: 'Bearbeiten',
  find: 'In der Bibliothek suchen',
  view: 'Ansicht',
  help: 'Hilfe',
  shortcuts: 'Tastenkürzel',
  about: 'Über Longleaf',
  window: 'Fenster',
  minimize: 'Minimieren',
  zoom: 'Zoomen',
  close: 'Fenster schließen',
  quit: 'Beenden',
  undo: 'Rückgängig',
  redo: 'Wiederholen',
  cut: 'Ausschneiden',
  copy: 'Kopieren',
  paste: 'Einfügen',
  selectAll: 'Alles auswählen',
  reload: 'Neu laden',
  toggleDevTools: 'Entwicklerwerkzeuge',
  resetZoom: 'Originalgröße',
  zoomIn: 'Vergrößern',
  zoomOut: 'Verkleinern',
  togglefullscreen: 'Vollbild',
  hide: 'Longleaf ausblenden',
  hideOthers: 'Andere ausblenden',
  unhide: 'Alle einblenden',
};

const languages = { en, de } satisfies Record<Exclude<Settings['language'], 'system'>, MenuWords>;

/** In the language chosen, else the first of the system's ("de-CH") that there is, else in English. */
export function menuWords(chosen: Settings['language'], system: readonly string[]): MenuWords {
  if (chosen !== 'system') return languages[chosen];
  const names = system.map((locale) => locale.split('-')[0]!.toLowerCase());
  const known = names.find((name): name is keyof typeof languages => name in languages);
  return languages[known ?? 'en'];
}
