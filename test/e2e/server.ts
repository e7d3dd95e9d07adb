// The browser shell as a user runs it: its own process, its own data folder, any free port, the bundled model.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../dist/main/web.js', import.meta.url));
const startLimitMs = 60_000;
/** A worker ends when its pipe to the server does; killing it is only for one that does not. */
const orphanLimitMs = 10_000;

export const canFindProcesses = process.platform === 'linux';

export function newDataFolder(): string {
  return mkdtempSync(join(tmpdir(), 'longleaf-e2e-'));
}

export class Server {
  readonly dataFolder: string;
  #child: ChildProcess | undefined;
  #link = '';
  #exited: Promise<void> = Promise.resolve();

  constructor(dataFolder: string) {
    this.dataFolder = dataFolder;
  }

  /** Also after stop() and kill(), on the same data and another port. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [entry, '--no-open', '--data', this.dataFolder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()));
    this.#link = await printedLink(child);
  }

  /** The one-time link it printed. */
  get link(): string {
    return this.#link;
  }

  get origin(): string {
    return new URL(this.link).origin;
  }

  get port(): number {
    return Number(new URL(this.link).port);
  }

  /** Process ids of running workers; `engine` is there once a model was needed. */
  workers(kind: 'engine' | 'parser'): number[] {
    const parent = this.#child?.pid;
    return processes()
      .filter((each) => each.parent === parent && each.command.includes(`/main/${kind}.js`))
      .map(({ pid }) => pid);
  }

  /** As Ctrl+C does. */
  async stop(): Promise<void> {
    this.#child?.kill('SIGINT');
    await this.#exited;
  }

  /** As a power cut does to the server itself; resolves when its workers have ended, too. */
  async kill(): Promise<void> {
    const workers = [...this.workers('engine'), ...this.workers('parser')];
    this.#child?.kill('SIGKILL');
    await this.#exited;
    await allEnded(workers);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dataFolder, { recursive: true, force: true });
  }
}

function printedLink(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`${why}\n${output}`));
    };
    const timer = setTimeout(() => fail('The server printed no link.'), startLimitMs);
    const read = (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const link = /http:\/\/127\.0\.0\.1:\d+\/open\/\S+/.exec(output)?.[0];
      if (!link) return;
      clearTimeout(timer);
      resolve(link);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`The server ended with code ${code}.`);
    });
  });
}

interface RunningProcess {
  pid: number;
  parent: number;
  command: string;
}

function processes(): RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z') return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), parent: Number(parent), command }];
      } catch {
        return []; // ended meanwhile
      }
    });
}

async function allEnded(pids: readonly number[]): Promise<void> {
  const end = Date.now() + orphanLimitMs;
  for (;;) {
    const left = processes().filter(({ pid }) => pids.includes(pid));
    if (left.length === 0) return;
    if (Date.now() > end)
      throw new Error(`Left behind: ${left.map((each) => each.command).join()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
