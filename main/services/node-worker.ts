// Starts a worker process as a forked Node: for the browser shell, the command line and tests. Electron has
// its own way. The worker gets a short list of environment variables and never the parent's secrets.
import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StartWorker, WorkerOptions, WorkerProcess } from '../contract/index.js';

/** What a worker may know of its surroundings: where things are, which language, which GPU. */
const inheritedVariables = new Set([
  'PATH',
  'HOME',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  'USERPROFILE',
  'SYSTEMROOT',
  'WINDIR',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'CUDA_PATH',
  'CUDA_HOME',
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_VISIBLE_DEVICES',
]);

function workerEnvironment(): NodeJS.ProcessEnv {
  const passes = (name: string) =>
    inheritedVariables.has(name.toUpperCase()) || /^(LC|LONGLEAF)_/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => passes(name)));
}

// Bundled, this file is part of dist/main/<entry>.js; run from source, the workers still are the built ones.
const builtFolder = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/main/' : './',
  import.meta.url,
);

const running = new Set<ChildProcess>();
let endsWithParent = false;

/** Workers have their own process group, so Ctrl-C reaches the parent alone, which then ends them. */
function endWithParent(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (endsWithParent) return;
  endsWithParent = true;
  process.once('exit', () => running.forEach((each) => each.kill('SIGKILL')));
}

function start(entryFile: string, options: WorkerOptions): WorkerProcess {
  // A parser that hits its heap limit prints pages of V8's own words; they say nothing to a user.
  const quiet = options.entry === 'parser' && !process.env.LONGLEAF_DEBUG;
  const child = fork(entryFile, [], {
    execArgv: options.heapMiB ? [`--max-old-space-size=${options.heapMiB}`] : [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'inherit', 'ipc'],
    env: workerEnvironment(),
    detached: process.platform !== 'win32',
  });
  endWithParent(child);

  let ended: { code: number | null } | undefined;
  const exitListeners: ((code: number | null) => void)[] = [];
  const end = (code: number | null) => {
    if (ended) return;
    ended = { code };
    for (const listener of exitListeners) listener(code);
  };
  // 'close' comes after the last message was read; 'error' alone when the process could not start.
  child.once('close', (code) => end(code));
  child.on('error', () => {
    if (child.pid === undefined) end(null);
  });

  return {
    pid: child.pid,
    // A worker that just died cannot take the message; its exit tells the rest.
    post: (message) => child.connected && child.send(message as Serializable, () => {}),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => (ended ? listener(ended.code) : exitListeners.push(listener)),
    kill: () => child.kill('SIGKILL'),
  };
}

/** A StartWorker over the built entries in another folder; tests point it at their own. */
export function nodeWorkersIn(folder: URL): StartWorker {
  return (options) => start(fileURLToPath(new URL(`${options.entry}.js`, folder)), options);
}

export const startNodeWorker: StartWorker = nodeWorkersIn(builtFolder);
