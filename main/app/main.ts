// The Electron shell as a process: one instance per data folder, one app, its windows.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { app, dialog, ipcMain, Menu, protocol, session } from 'electron';
import { toFailure, type Settings } from '../contract/index.js';
import { createApp } from '../services/app.js';
import type { App } from '../services/types.js';
import { lockDataFolder } from '../shell/data-lock.js';
import { checkoutModels, defaultDataFolder, ownVersion, windowFolder } from '../shell/places.js';
import { listWindowFiles } from '../shell/window-files.js';
import { readArguments } from './arguments.js';
import { startElectronWorker } from './electron-worker.js';
import { guardApp, guardSession } from './guard.js';
import { serveIpc } from './ipc.js';
import { openLinkAfterConfirm } from './links.js';
import { menuWords } from './menu-words.js';
import { menuTemplate } from './menu.js';
import { customScheme } from './origin.js';
import { serveWindow } from './serve-window.js';
import { openWindow, sendCommand, showWindow } from './window.js';

const report = (text: string) => console.error(text);

const given = readArguments(process.argv.slice(1), process.cwd());
const dataFolder = given.dataFolder ?? defaultDataFolder();

/** Imports files the system handed over; the window hears of it through the library's events. */
function importFiles(services: App, files: string[]): void {
  for (const path of files) {
    services
      .handle('documents.import', { path, importId: randomUUID() })
      .catch((error: unknown) => dialog.showErrorBox('Longleaf', toFailure(error).message));
  }
}

/** The menu, in the language of the window from now on. */
async function showMenu(services: App): Promise<void> {
  const about = () => app.showAboutPanel();
  app.setAboutPanelOptions({ applicationName: 'Longleaf', applicationVersion: ownVersion() });
  let shown: Settings['language'] | null = null;
  const show = ({ language }: Settings) => {
    if (language === shown) return;
    shown = language;
    const words = menuWords(language, app.getPreferredSystemLanguages());
    const template = menuTemplate({ send: sendCommand, about }, process.platform, words);
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  };
  services.onEvent((event) => event.type === 'settings' && show(event.settings));
  show((await services.handle('settings.get', {})) as Settings);
}

/** Holds the end back until the services have written and closed everything. */
function closeBeforeQuit(services: App, release: () => void): void {
  let closed = false;
  app.on('before-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    void services
      .close()
      .catch((error: unknown) => report(String(error)))
      .then(() => {
        closed = true;
        release();
        app.quit();
      });
  });
}

/** Files the system asks to open. macOS does so before anything is ready; until `flow`, they wait. */
function openedFiles(): { flow(use: (paths: string[]) => void): void } {
  let use: ((paths: string[]) => void) | null = null;
  const waiting = [...given.files];
  app.on('open-file', (event, path) => {
    event.preventDefault();
    if (use) use([path]);
    else waiting.push(path);
  });
  return {
    flow: (next) => {
      use = next;
      use(waiting);
    },
  };
}

async function start(): Promise<void> {
  const opened = openedFiles();
  await app.whenReady();
  const lock = lockDataFolder(dataFolder);
  const services = await createApp({
    dataFolder,
    modelsFolder: app.isPackaged ? join(process.resourcesPath, 'models') : checkoutModels,
    version: ownVersion(),
    shell: 'electron',
    startWorker: startElectronWorker,
  });
  closeBeforeQuit(services, () => lock.release());
  guardSession(session.defaultSession);
  serveWindow(protocol, listWindowFiles(windowFolder), services);
  serveIpc(services, ipcMain, report);
  await showMenu(services);
  app.on('second-instance', (_event, argv, workingFolder) => {
    if (!showWindow()) void openWindow();
    importFiles(services, readArguments(argv.slice(1), workingFolder).files);
  });
  app.on('activate', () => {
    if (!showWindow()) void openWindow();
  });
  await openWindow();
  opened.flow((paths) => importFiles(services, paths));
}

function main(): void {
  app.setName('Longleaf');
  app.enableSandbox();
  // Chromium keeps its own files beside the library; the instance lock is bound to this folder.
  app.setPath('userData', join(dataFolder, 'window'));
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  protocol.registerSchemesAsPrivileged([customScheme]);
  guardApp(app, (address) => void openLinkAfterConfirm(address));
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  start().catch((error: unknown) => {
    const { message, hint } = toFailure(error);
    dialog.showErrorBox('Longleaf could not start', [message, hint].filter(Boolean).join('\n'));
    app.exit(1);
  });
}

main();
