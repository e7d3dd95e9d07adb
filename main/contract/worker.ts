// How services start processes without knowing the shell: Electron gives a utilityProcess, the browser shell
// and the CLI a forked Node.

export interface WorkerProcess {
  /** Of the operating system, where the shell knows it: for measuring memory. */
  readonly pid?: number;
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Once, however it ended; `code` is null when killed by a signal. */
  onExit(listener: (code: number | null) => void): void;
  kill(): void;
}

export interface WorkerOptions {
  /** 'engine' or 'parser': the entry under dist/main. */
  entry: 'engine' | 'parser';
  /** Limit of the JavaScript heap, MiB. */
  heapMiB?: number;
}

export type StartWorker = (options: WorkerOptions) => WorkerProcess;
