// The parser process: one request in, progress and one result out, then the end. Runs under plain Node (fork)
// and as Electron's utilityProcess; knows neither.
import { setTimeout as after } from 'node:timers/promises';
import { parseRequest, type ParseEvent } from '../../contract/index.js';
import { parseDocument } from '../documents/parse.js';
import { failureOf } from './failure-of.js';
import { startWatchdog } from './watchdog.js';

interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

const parentPort = (process as unknown as { parentPort?: ParentPort }).parentPort;

/** Progress is worth a message this often. */
const progressEveryMs = 100;

/** Resolves when the message is on its way, as far as that can be told. */
function post(event: ParseEvent): Promise<void> {
  if (parentPort) parentPort.postMessage(event);
  else if (process.send) return new Promise((resolve) => process.send?.(event, () => resolve()));
  return Promise.resolve();
}

function progressReports(): (fraction: number) => void {
  let last = 0;
  return (fraction) => {
    const now = performance.now();
    if (now - last < progressEveryMs) return;
    last = now;
    void post({ type: 'progress', fraction });
  };
}

async function serve(message: unknown): Promise<void> {
  const request = parseRequest.parse(message);
  try {
    const document = await parseDocument(request, progressReports());
    await post({ type: 'parsed', document });
  } catch (error) {
    await post({ type: 'failed', failure: failureOf(error, request.fileName) });
  }
  // Electron does not say when a message has left; the parent kills this process once it has it.
  if (parentPort) await after(30_000);
  process.exit(0);
}

startWatchdog();
if (parentPort) parentPort.on('message', ({ data }) => void serve(data));
else {
  process.once('message', (message) => void serve(message));
  process.once('disconnect', () => process.exit(0));
}
