// The window: what its page may be, where it was last time, and how menus reach it.
import { BrowserWindow, type BrowserWindowConstructorOptions } from 'electron';
import { preloadFile } from '../shell/places.js';
import { commandChannel } from './ipc.js';
import type { Command } from './menu.js';
import { windowAddress } from './origin.js';

export const windowOptions: BrowserWindowConstructorOptions = {
  name: 'main',
  windowStatePersistence: true,
  width: 1280,
  height: 820,
  minWidth: 640,
  minHeight: 480,
  show: false,
  webPreferences: {
    preload: preloadFile,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    // Chromium would fetch its dictionaries from the network.
    spellcheck: false,
  },
};

export async function openWindow(): Promise<BrowserWindow> {
  const window = new BrowserWindow(windowOptions);
  window.once('ready-to-show', () => window.show());
  await window.loadURL(windowAddress);
  return window;
}

/** Brings the window to the front and gives it a command; without a window there is nobody to obey. */
export function sendCommand(command: Command): void {
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
  window?.webContents.send(commandChannel, command);
}

/** False when there is no window to show. */
export function showWindow(): boolean {
  const window = BrowserWindow.getAllWindows()[0];
  if (!window) return false;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
  return true;
}
