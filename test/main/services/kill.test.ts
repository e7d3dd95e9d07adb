// Kill -9 at any moment loses no finished turn and leaves a sound library.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLibrary } from '../../../main/services/library/open.js';
import { TurnStore } from '../../../main/services/library/turns.js';
import { newFolder, openApp, removeFolder } from './app-fixture.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const writer = join(root, 'dist/test-writer/writer-child.js'); // inside the repository: finds node_modules

let folder: string;
beforeAll(async () => {
  folder = newFolder();
  await build({
    absWorkingDir: root,
    entryPoints: ['test/main/services/writer-child.ts'],
    outfile: writer,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
});
afterAll(() => removeFolder(folder));

/** Runs the writer for a while and kills it; the number of the last turn it said was finished. */
function writeAndKill(data: string, milliseconds: number): Promise<number> {
  const child = spawn(process.execPath, [writer, data], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (said === '') setTimeout(() => child.kill('SIGKILL'), milliseconds);
    said += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once('close', () => resolve(Number(said.split('\n').at(-2))));
  });
}

test.each([5, 23, 61, 117, 240])('killed %i ms after its first turn', async (milliseconds) => {
  const data = join(folder, String(milliseconds));
  mkdirSync(data);
  const last = await writeAndKill(data, milliseconds);
  const { db, notice } = openLibrary(data);
  expect(notice).toBeUndefined();
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.pragma('foreign_key_check')).toEqual([]);
  const turns = new TurnStore(db);
  turns.stopUnfinished();
  const conversation = db.prepare('SELECT id FROM conversations').pluck().get() as string;
  const path = turns.path(conversation);
  expect(path.length).toBeGreaterThan(last);
  path.slice(0, last + 1).forEach((turn, number) => {
    expect(turn).toMatchObject({ state: 'done', answer: `answer ${number}` });
  });
  for (const turn of path.slice(last + 1)) expect(['done', 'stopped']).toContain(turn.state);
  db.close();
});

test('an app that is gone without closing reopens exactly as it was', async () => {
  const data = join(folder, 'app');
  mkdirSync(data);
  const app = await openApp(data);
  const document = await app.addText('a.txt', 'A text about a ferry on a river.\n');
  const { id: conversationId } = await app.call('conversations.create', {
    documentIds: [document.id],
  });
  const done = await app.call('turns.ask', { conversationId, question: 'one' });
  await app.finished(done.id);
  const half = await app.call('turns.ask', { conversationId, question: '[slow] two' });
  await app.until((event) => event.type === 'token' && event.turnId === half.id);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  const seen = app.events
    .flatMap((event) => (event.type === 'token' && event.turnId === half.id ? [event.text] : []))
    .join('');

  // A second app on the same folder sees what a restart after a kill would: only what was committed.
  const again = await openApp(data);
  const conversation = await again.call('conversations.get', { conversationId });
  const [first, second] = conversation.path;
  expect(first).toEqual(await app.finished(done.id));
  expect(second?.state).toBe('stopped');
  expect(seen.startsWith(second?.answer ?? '?')).toBe(true);
  expect(second?.answer.length).toBeGreaterThan(0);
  expect((await again.call('library.list', {})).documents).toEqual([document]);
  const regenerated = await again.call('turns.regenerate', { turnId: half.id });
  expect(regenerated.sibling).toBe(1);
  await again.close();
  await app.close();
});
