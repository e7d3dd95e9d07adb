// The narrow bridge between the sandboxed page and the main process: messages of the contract each way, the
// path of a dropped file, commands of the menu. Bundled to one CommonJS file; nothing of Electron gets through.
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { AppEvent, LocalFile, Method, ServerMessage } from '../contract/index.js';

// Also in main/app/ipc.ts: a preload script shares no code with the main process, only these names.
const helloChannel = 'longleaf:hello';
const messageChannel = 'longleaf:message';
const commandChannel = 'longleaf:command';

interface Pending {
  resolve(result: unknown): void;
  reject(reason: unknown): void;
}

const pending = new Map<number, Pending>();
const listeners = new Set<(event: AppEvent) => void>();
let nextId = 1;

function receive(message: ServerMessage): void {
  if ('event' in message) {
    for (const listener of listeners) listener(message.event);
    return;
  }
  const call = pending.get(message.id);
  pending.delete(message.id);
  // Not an Error: of an Error only the message would survive the way into the page.
  if ('failure' in message) call?.reject({ failure: message.failure });
  else call?.resolve(message.result);
}

ipcRenderer.on(messageChannel, (_event, message: ServerMessage) => receive(message));
ipcRenderer.send(helloChannel);

contextBridge.exposeInMainWorld('longleaf', {
  shell: 'electron',
  call: (method: Method, params: unknown) =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      pending.set(id, { resolve, reject });
      ipcRenderer.send(messageChannel, { id, method, params });
    }),
  onEvent: (listener: (event: AppEvent) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  /** The page lives in the app: it is never without it. */
  onConnection: (listener: (connected: boolean) => void) => {
    listener(true);
    return () => {};
  },
  /** null for what is not a file on disk, such as an image dragged out of a page. */
  pathOf: (file: LocalFile) => webUtils.getPathForFile(file as unknown as File) || null,
  onCommand: (listener: (command: string) => void) => {
    const pass = (_event: unknown, command: string) => listener(command);
    ipcRenderer.on(commandChannel, pass);
    return () => void ipcRenderer.off(commandChannel, pass);
  },
});
