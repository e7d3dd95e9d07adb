// The bridge in a browser: calls and events over one WebSocket, documents by upload.
import type { Bridge, LocalFile, Method, Params, Result } from '../../main/contract/index.js';
import { BridgeError, isFailure, unreachable } from './bridge-error.js';
import { Socket } from './socket.js';

export function browserBridge(page: URL): Bridge {
  const address = new URL('./socket', page);
  address.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
  address.search = '';
  address.hash = '';
  const socket = new Socket(address.href);
  return {
    shell: 'browser',
    call: <M extends Method>(method: M, params: Params<M>) =>
      socket.call(method, params) as Promise<Result<M>>,
    onEvent: (listener) => socket.onEvent(listener),
    onConnection: (listener) => socket.onConnection(listener),
    importFile(file, importId) {
      const address = new URL('./upload', page);
      address.search = new URLSearchParams({ name: file.name, importId }).toString();
      return upload(address, file) as Promise<Result<'documents.import'>>;
    },
    checkBackup: (file) =>
      upload(new URL('./restore', page), file) as Promise<Result<'backup.check'>>,
    pathOf: () => null,
  };
}

async function upload(address: URL, file: LocalFile): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(address, { method: 'PUT', body: file as File });
  } catch {
    throw (await isGone(file as File)) ? gone(file.name) : unreachable();
  }
  const result: unknown = await response.json().catch(() => null);
  if (response.ok && result !== null) return result;
  throw isFailure(result) ? new BridgeError(result) : unreachable();
}

/** A browser says no more than that an upload failed; a file moved or changed since it was chosen cannot be read. */
async function isGone(file: File): Promise<boolean> {
  const reader = file.stream().getReader();
  try {
    await reader.read();
    return false;
  } catch {
    return true;
  } finally {
    reader.cancel().catch(() => {});
  }
}

const gone = (name: string) =>
  new BridgeError({
    code: 'not_found',
    message: `“${name}” cannot be read.`,
    hint: 'It was moved, renamed or changed after it was chosen, or it is a folder: then add the documents inside it.',
  });
