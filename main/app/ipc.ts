// Messages between windows and the app. Every one is checked for its sender first and its shape second.
import type { IpcMain, WebContents, WebFrameMain } from 'electron';
import type { App } from '../services/types.js';
import { Connection, type Report } from '../shell/connection.js';
import { windowOrigin } from './origin.js';

// Also in main/preload/main.ts.
export const helloChannel = 'longleaf:hello';
export const messageChannel = 'longleaf:message';
export const commandChannel = 'longleaf:command';

type Frame = Pick<WebFrameMain, 'origin' | 'parent'>;

/** Only the top frame of our own page may speak; a frame that is gone (null) may not. */
export function isTrusted(frame: Frame | null): boolean {
  return frame !== null && frame.parent === null && frame.origin === windowOrigin;
}

function connectionFor(app: App, contents: WebContents, report: Report): Connection {
  const wire = {
    send: (message: unknown) => {
      if (!contents.isDestroyed()) contents.send(messageChannel, message);
    },
    // Electron queues without telling how much; the outbox still merges by frame.
    backlog: () => 0,
    giveUp: () => {},
  };
  return new Connection(app, wire, report);
}

/** Registers the channels. One connection per page load: answers to a page that was reloaded are dropped. */
export function serveIpc(app: App, ipcMain: IpcMain, report: Report): void {
  const connections = new Map<WebContents, Connection>();
  const close = (contents: WebContents) => {
    connections.get(contents)?.close();
    connections.delete(contents);
  };

  ipcMain.on(helloChannel, ({ sender, senderFrame }) => {
    if (!isTrusted(senderFrame)) return;
    if (connections.has(sender)) close(sender);
    else sender.once('destroyed', () => close(sender));
    connections.set(sender, connectionFor(app, sender, report));
  });
  ipcMain.on(messageChannel, ({ sender, senderFrame }, message: unknown) => {
    if (!isTrusted(senderFrame)) return;
    connections.get(sender)?.receive(message);
  });
}
