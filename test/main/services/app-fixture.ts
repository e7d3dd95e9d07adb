// An app over the fake engine with a library of its own, and ways to wait for what it says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  AppEvent,
  DocumentSummary,
  Method,
  Params,
  Result,
  StartWorker,
  Turn,
  WorkerProcess,
} from '../../../main/contract/index.js';
import { createApp } from '../../../main/services/app.js';
import type { App } from '../../../main/services/types.js';
import { startFakeEngine } from '../../fixtures/fake-engine.js';

export const modelsFolder = fileURLToPath(new URL('../../../models/', import.meta.url));

export interface TestApp extends App {
  folder: string;
  events: AppEvent[];
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  /** The first event, past ones included, that `test` accepts. */
  until<E>(test: (event: AppEvent) => E | undefined | false): Promise<E>;
  finished(turnId: string): Promise<Turn>;
  addText(name: string, text: string): Promise<DocumentSummary>;
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'longleaf-test-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export async function openApp(
  folder: string,
  options: { startWorker?: StartWorker; env?: Record<string, string>; models?: string } = {},
): Promise<TestApp> {
  const startWorker =
    options.startWorker ??
    startFakeEngine(inlineParser, { LONGLEAF_FAKE_READ_MS: '300', ...options.env });
  const app = await createApp({
    dataFolder: folder,
    modelsFolder: options.models ?? modelsFolder,
    version: '0.0.0',
    shell: 'browser',
    startWorker,
  });
  const events: AppEvent[] = [];
  const waiting = new Set<(event: AppEvent) => void>();
  app.onEvent((event) => {
    events.push(event);
    for (const look of [...waiting]) look(event);
  });
  const until: TestApp['until'] = (test) =>
    new Promise((resolve) => {
      const look = (event: AppEvent) => {
        const found = test(event);
        if (found === undefined || found === false) return false;
        waiting.delete(look);
        resolve(found);
        return true;
      };
      if (!events.some(look)) waiting.add(look);
    });
  const call: TestApp['call'] = (method, params) => app.handle(method, params) as never;
  return {
    ...app,
    folder,
    events,
    call,
    until,
    finished: (turnId) =>
      until((event) => {
        if (event.type !== 'turn' || event.turn.id !== turnId) return undefined;
        return ['done', 'stopped', 'failed'].includes(event.turn.state) ? event.turn : undefined;
      }),
    addText: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return call('documents.import', { path, importId: name });
    },
  };
}

/** Stands in for the parser process: the file's own text, one anchor per paragraph. */
const inlineParser: StartWorker = (): WorkerProcess => {
  let tell: (message: unknown) => void = () => {};
  return {
    post: (message) => void parseInline(message as { path: string; fileName: string }, tell),
    onMessage: (listener) => void (tell = listener),
    onExit: () => {},
    kill: () => {},
  };
};

async function parseInline(
  request: { path: string; fileName: string },
  tell: (message: unknown) => void,
): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(request.path, 'utf8');
  const anchors = [...text.matchAll(/[^\n]*\n*/g)]
    .filter((match) => match[0] !== '')
    .map((match, index) => ({
      label: `Part ${index + 1}`,
      start: match.index,
      end: match.index + match[0].length,
    }));
  const document = {
    kind: 'text',
    title: request.fileName.replace(/\.\w+$/, ''),
    text,
    anchorKind: 'section',
    anchors,
    warnings: [],
  };
  tell({ type: 'parsed', document });
}
