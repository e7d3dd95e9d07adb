// Ends this process when it holds more memory than any honest document needs, or when its parent is gone. V8's
// own limit does not count buffers, and a loop that never yields would starve a timer: hence a thread.
import { Worker } from 'node:worker_threads';
import { residentBytes } from '../documents/limits.js';

const everyMs = 100;

export function startWatchdog(limitBytes = residentBytes): void {
  const watch = `
    const parent = process.ppid;
    setInterval(() => {
      const orphaned = process.ppid !== parent;
      if (orphaned || process.memoryUsage.rss() > ${limitBytes}) process.kill(process.pid, 'SIGKILL');
    }, ${everyMs});`;
  const thread = new Worker(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  thread.unref();
  // Without it a document can still be read.
  thread.on('error', () => {});
}
