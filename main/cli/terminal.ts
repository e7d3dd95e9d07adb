// What a command needs of the world it runs in: where to write, how to start processes, when to stop.
import type { Readable, Writable } from 'node:stream';
import type { StartWorker } from '../contract/index.js';
import type { Progress } from './progress.js';

export interface Terminal {
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean };
  progress: Progress;
  startWorker: StartWorker;
  modelsFolder: string;
  dataFolder: string;
  version: string;
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
}

export function writeJson({ stdout }: Terminal, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
