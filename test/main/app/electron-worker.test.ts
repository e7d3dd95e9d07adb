import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { startElectronWorker, workerEnvironment } from '../../../main/app/electron-worker.js';

class Child extends EventEmitter {
  readonly posted: unknown[] = [];
  killed = false;
  postMessage(message: unknown) {
    this.posted.push(message);
  }
  kill() {
    this.killed = true;
    return true;
  }
}
const fork = vi.hoisted(() => vi.fn());
vi.mock('electron', () => ({ utilityProcess: { fork } }));
afterEach(() => fork.mockReset());

function start(heapMiB?: number) {
  const child = new Child();
  fork.mockReturnValue(child);
  const worker = startElectronWorker({ entry: 'parser', heapMiB });
  return { child, worker };
}

test('starts the built entry with its heap limit and a clean environment', () => {
  start(512);
  const [file, args, options] = fork.mock.calls[0] ?? [];
  expect(file).toMatch(/[/\\]parser\.js$/);
  expect(args).toEqual([]);
  expect(options).toMatchObject({
    serviceName: 'Longleaf parser',
    execArgv: ['--max-old-space-size=512'],
  });
});

test('leaves out variables that change how Node runs', () => {
  const env = { PATH: '/bin', NODE_OPTIONS: '--inspect', ELECTRON_RUN_AS_NODE: '1', HOME: '/h' };
  expect(workerEnvironment(env)).toEqual({ PATH: '/bin', HOME: '/h' });
});

test('passes messages both ways until the end', () => {
  const { child, worker } = start();
  const received: unknown[] = [];
  worker.onMessage((message) => received.push(message));
  worker.post({ hello: 1 });
  child.emit('message', { world: 2 });
  expect(child.posted).toEqual([{ hello: 1 }]);
  expect(received).toEqual([{ world: 2 }]);
  child.emit('exit', 1);
  worker.post('late');
  expect(child.posted).toHaveLength(1);
});

test('tells of its end once, also to those who ask later', () => {
  const { child, worker } = start();
  const codes: (number | null)[] = [];
  worker.onExit((code) => codes.push(code));
  child.emit('exit', 7);
  child.emit('exit', 8);
  worker.onExit((code) => codes.push(code));
  expect(codes).toEqual([7, 7]);
});

test('can be killed', () => {
  const { child, worker } = start();
  worker.kill();
  expect(child.killed).toBe(true);
});
