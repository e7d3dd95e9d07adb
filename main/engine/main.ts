// The engine process: the only one with the native addon. Speaks main/contract/engine.ts with its parent.
import type { Addon } from '../../native/addon/index.js';
import { engineRequest, toFailure, type EngineEvent, type Failure } from '../contract/index.js';
import { loadAddon } from './addon.js';
import { openPort } from './port.js';
import { EngineServer } from './server.js';

/** After a device fault nothing in this process can be trusted; the parent starts another. */
const deviceLostExit = 70;
const uncaughtExit = 71;

const port = openPort();
/** Requests without an answer yet, for an error that belongs to none of them. */
const open = new Set<string>();

function post(event: EngineEvent): void {
  const final = !['started', 'loading', 'reading', 'token'].includes(event.type);
  if (final && 'id' in event) open.delete(event.id);
  port.post(event);
}

function leave(code: number): void {
  void port.flush().then(() => process.exit(code));
}

function failAll(failure: Failure): void {
  for (const id of [...open]) post({ type: 'failed', id, failure });
}

function start(): void {
  let addon: Addon;
  try {
    addon = loadAddon();
  } catch (error) {
    const failure = toFailure(error);
    serve((id) => post({ type: 'failed', id, failure }));
    return;
  }
  const server = new EngineServer(addon, post, () => leave(deviceLostExit));
  serve((_id, request) => void server.serve(request));
  post({ type: 'started' });
}

function serve(
  answer: (id: string, request: ReturnType<typeof engineRequest.parse>) => void,
): void {
  port.onMessage((message) => {
    const parsed = engineRequest.safeParse(message);
    if (!parsed.success) return misunderstood(message);
    if (parsed.data.type !== 'cancel') open.add(parsed.data.id);
    answer(parsed.data.id, parsed.data);
  });
}

function misunderstood(message: unknown): void {
  const id = (message as { id?: unknown } | null)?.id;
  if (typeof id !== 'string') return;
  const failure = { code: 'bad_request', message: 'The engine got a malformed request.' } as const;
  post({ type: 'failed', id, failure });
}

function uncaught(error: unknown): void {
  failAll(toFailure(error));
  leave(uncaughtExit);
}

process.on('uncaughtException', uncaught);
process.on('unhandledRejection', uncaught);
port.onClose(() => process.exit(0));
start();
