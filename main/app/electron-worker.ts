// Worker processes as Electron's utility processes: a crash there takes nothing else down.
import { fileURLToPath } from 'node:url';
import { utilityProcess } from 'electron';
import type { StartWorker } from '../contract/index.js';

/** Variables that would change how a child's Node or Electron runs. */
const unsafe = /^(NODE_|ELECTRON_|LD_PRELOAD$|DYLD_INSERT_LIBRARIES$)/;

export function workerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !unsafe.test(name)));
}

export const startElectronWorker: StartWorker = ({ entry, heapMiB }) => {
  const file = fileURLToPath(new URL(`./${entry}.js`, import.meta.url));
  const child = utilityProcess.fork(file, [], {
    serviceName: `Longleaf ${entry}`,
    execArgv: heapMiB ? [`--max-old-space-size=${heapMiB}`] : [],
    env: workerEnvironment(process.env),
    stdio: 'inherit',
  });
  let ended: { code: number | null } | undefined;
  child.once('exit', (code) => (ended = { code }));
  return {
    post: (message) => {
      if (!ended) child.postMessage(message);
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => {
      if (ended) listener(ended.code);
      else child.once('exit', (code) => listener(code));
    },
    kill: () => void child.kill(),
  };
};
