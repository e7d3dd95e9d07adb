// Kill -9 at moments drawn by seed while the app reads, answers, saves and takes documents in: no turn that it
// said was finished is lost, and what is left works. LONGLEAF_KILLS says how often (test/README.md).
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { AppEvent, Turn } from '../../main/contract/index.js';
import { draws } from '../fixtures/draws.js';
import { factAnswer, factQuestion, storyText } from '../fixtures/documents/story.js';
import { Api } from './api.js';
import { expect, test } from './longleaf.js';
import { canFindProcesses, newDataFolder, Server } from './server.js';

test.skip(!canFindProcesses, 'Waiting for the workers’ end needs /proc');

const kills = Number(process.env.LONGLEAF_KILLS ?? 6);
const longestMs = 4000;

/** What the app said it had done, which must be true for ever. */
class Promised {
  readonly finished = new Map<string, Turn>();
  readonly asked = new Set<string>();
  readonly documents = new Set<string>();

  hear(event: AppEvent): void {
    if (event.type !== 'turn') return;
    this.asked.add(event.turn.id);
    if (event.turn.state === 'done') this.finished.set(event.turn.id, event.turn);
    else this.finished.delete(event.turn.id); // what a kill cut short is stopped
  }
}

const activities = ['read', 'ask', 'read again', 'import', 'regenerate', 'edit', 'keep'] as const;

/** Begins something and does not wait for its end. */
async function begin(
  activity: (typeof activities)[number],
  {
    api,
    conversationId,
    folder,
    round,
  }: { api: Api; conversationId: string; folder: string; round: number },
  promised: Promised,
): Promise<void> {
  const { path } = await api.call('conversations.get', { conversationId });
  const last = path.at(-1);
  const level = { read: 0, 'read again': 100 }[activity as string];
  if (level !== undefined) {
    await api.call('settings.set', { patch: { level } });
    await api.call('readings.start', { conversationId });
  } else if (activity === 'import') {
    const file = join(folder, `story-${round}.txt`);
    writeFileSync(file, storyText(60_000, 100 * round));
    const { id } = await api.call('documents.import', { path: file, importId: `import-${round}` });
    promised.documents.add(id);
  } else if (activity === 'keep') {
    const { readings } = await api.call('readings.saved', {});
    for (const { id, keep } of readings)
      await api.call('readings.keep', { readingId: id, keep: !keep });
    await api.call('readings.start', { conversationId });
  } else if (activity === 'regenerate' && last)
    await api.call('turns.regenerate', { turnId: last.id });
  else if (activity === 'edit' && last)
    await api.call('turns.edit', { turnId: last.id, question: 'Who is Bill?' });
  else await api.call('turns.ask', { conversationId, question: 'Who is the captain?' });
}

/** With nobody at work: the library is sound. */
function expectSound(folder: string): void {
  const db = new Database(join(folder, 'library.db'));
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.pragma('foreign_key_check')).toEqual([]);
  db.close();
}

async function expectKept(api: Api, promised: Promised): Promise<void> {
  expect((await api.call('app.info', {})).notice).toBeUndefined();
  for (const [turnId, turn] of promised.finished) {
    const { path } = await api.call('turns.show', { turnId });
    expect(path.find(({ id }) => id === turnId)).toMatchObject({
      state: 'done',
      answer: turn.answer,
    });
  }
  for (const turnId of promised.asked) {
    const { path } = await api.call('turns.show', { turnId });
    const turn = path.find(({ id }) => id === turnId);
    // Failed: the engine died a moment before the app did.
    if (turn?.state === 'failed') expect(turn.failure?.code).toBe('engine_died');
    else expect(['done', 'stopped']).toContain(turn?.state);
  }
  const { documents } = await api.call('library.list', {});
  const listed = documents.map(({ id }) => id);
  expect(listed).toEqual(expect.arrayContaining([...promised.documents]));
  for (const { id, characters, anchorCount } of documents) {
    const texts = await api.call('documents.text', { documentId: id, from: 0, to: anchorCount });
    expect(texts.join('')).toHaveLength(characters);
  }
}

/** Files of readings and the list of them say the same. */
async function expectReadingsWhole(api: Api, folder: string): Promise<void> {
  const { readings } = await api.call('readings.saved', {});
  const files = readdirSync(join(folder, 'readings'));
  const sizes = new Map(files.map((name) => [name, statSync(join(folder, 'readings', name)).size]));
  for (const { id, bytes } of readings) expect(sizes.get(id)).toBe(bytes);
}

/** What a new conversation about the document answers, exactly read. */
async function answerOf(api: Api, documentId: string, promised: Promised): Promise<Turn> {
  await api.call('settings.set', { patch: { level: 0, temperature: 0 } });
  const { id } = await api.call('conversations.create', { documentIds: [documentId] });
  const asked = await api.call('turns.ask', { conversationId: id, question: factQuestion });
  await expect.poll(() => promised.finished.has(asked.id)).toBe(true);
  return promised.finished.get(asked.id) as Turn;
}

test(`killed ${kills} times, it keeps what it said it had`, async () => {
  test.setTimeout(60_000 + kills * 60_000);
  const folder = newDataFolder();
  const server = new Server(folder);
  const draw = draws(7);
  const promised = new Promised();
  let restored = 0;
  await server.start();
  let api = await Api.enter(server, (event) => promised.hear(event));
  writeFileSync(join(folder, 'story.txt'), storyText(24_000));
  const source = { path: join(folder, 'story.txt'), importId: 'first' };
  const { id } = await api.call('documents.import', source);
  promised.documents.add(id);
  const { id: conversationId } = await api.call('conversations.create', { documentIds: [id] });
  const first = await answerOf(api, id, promised);
  expect(first.answer).toContain(factAnswer);

  for (let round = 0; round < kills; round += 1) {
    const activity = activities[Math.floor(draw() * activities.length)] ?? 'ask';
    const after = draw() * longestMs;
    const everything = draw() < 0.5;
    const begun = begin(activity, { api, conversationId, folder, round }, promised);
    begun.catch(() => {}); // the kill may come first
    await new Promise((resolve) => setTimeout(resolve, after));
    if (everything) for (const pid of server.workers('engine')) process.kill(pid, 'SIGKILL');
    await server.kill();
    await test.step(`kill ${round + 1}: ${activity}, after ${Math.round(after)} ms`, async () => {
      expectSound(folder);
      await server.start();
      api = await Api.enter(server, (event) => promised.hear(event));
      await expectKept(api, promised);
      await expectReadingsWhole(api, folder);
      if (round % 5 !== 4 && round !== kills - 1) return;
      const { answer, stats } = await answerOf(api, id, promised);
      expect(answer).toBe(first.answer);
      if ((stats?.readTokens ?? Infinity) < 1000) restored += 1;
    });
  }
  console.log(
    `${kills} kills: ${promised.finished.size} finished turns kept, ${restored} answers from readings on disk`,
  );
  api.close();
  await server.remove();
});
