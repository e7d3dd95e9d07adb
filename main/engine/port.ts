// The line to the main process: Electron's parent port in a utilityProcess, else the IPC channel of a fork.

export interface Port {
  post(message: unknown): void;
  /** Resolves once what was posted has left this process. */
  flush(): Promise<void>;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
}

interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

export function openPort(): Port {
  const { parentPort } = process as { parentPort?: ParentPort };
  return parentPort ? electronPort(parentPort) : forkPort();
}

function electronPort(parentPort: ParentPort): Port {
  return {
    post: (message) => parentPort.postMessage(message),
    // Nothing tells when a message has left; a moment is enough for the pipe.
    flush: () => new Promise((resolve) => setTimeout(resolve, 100)),
    onMessage: (listener) => parentPort.on('message', ({ data }) => listener(data)),
    onClose: () => {}, // Electron ends the process itself
  };
}

function forkPort(): Port {
  let sent: Promise<void> = Promise.resolve();
  return {
    post: (message) => {
      if (!process.connected) return;
      sent = new Promise((resolve) => process.send?.(message, () => resolve()));
    },
    flush: () => sent,
    onMessage: (listener) => process.on('message', listener),
    onClose: (listener) => process.on('disconnect', listener),
  };
}
