// Ends this process when it holds more memory than any honest document needs. V8's own limit does not count
// buffers, and a loop that never yields would starve a timer: hence a thread.
import { Worker } from 'node:worker_threads';
import { residentBytes } from '../documents/limits.js';

const everyMs = 100;

export function guardMemory(): void {
  const watch = `setInterval(() => {
    if (process.memoryUsage.rss() > ${residentBytes}) process.kill(process.pid, 'SIGKILL');
  }, ${everyMs});`;
  const worker = new Worker(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  worker.unref();
  // Without the guard a document can still be read.
  worker.on('error', () => {});
}
