// The bridge in Electron: what the preload script put on the window, with calls rejecting as BridgeError.
import type {
  AppEvent,
  Bridge,
  LocalFile,
  Method,
  Params,
  Result,
} from '../../main/contract/index.js';
import { BridgeError, failureOf } from './bridge-error.js';

/** Commands of the application menu. */
export type Command = 'import' | 'new-conversation' | 'filter' | 'settings' | 'shortcuts';

/** window.longleaf, made by main/preload. */
export interface PreloadApi {
  readonly shell: 'electron';
  call(method: Method, params: unknown): Promise<unknown>;
  onEvent(listener: (event: AppEvent) => void): () => void;
  onConnection(listener: (connected: boolean) => void): () => void;
  pathOf(file: LocalFile): string | null;
  onCommand?(listener: (command: string) => void): () => void;
}

declare global {
  interface Window {
    longleaf?: PreloadApi;
  }
}

export function electronBridge(preload: PreloadApi): Bridge {
  const call = async <M extends Method>(method: M, params: Params<M>): Promise<Result<M>> => {
    try {
      return (await preload.call(method, params)) as Result<M>;
    } catch (error) {
      throw new BridgeError(failureOf(error));
    }
  };
  return {
    shell: 'electron',
    call,
    onEvent: (listener) => preload.onEvent(listener),
    onConnection: (listener) => preload.onConnection(listener),
    pathOf: (file) => preload.pathOf(file),
    async checkBackup(file) {
      const path = preload.pathOf(file);
      if (path === null) throw new BridgeError(noPath(file.name));
      return call('backup.check', { path });
    },
    async importFile(file, importId) {
      const path = preload.pathOf(file);
      if (path === null) throw new BridgeError(noPath(file.name));
      return call('documents.import', { path, importId });
    },
  };
}

const noPath = (name: string) => ({
  code: 'bad_request' as const,
  message: `${name} has no place on disk.`,
  hint: 'Save it as a file first, then drop that.',
});
