// Calibrating from the window: what it measures, whom it makes wait, what stays when it ends early.
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CalibrationRun } from '../../../main/contract/index.js';
import { paperProfile } from '../../../main/services/sparsity-profiles.js';
import { modelsFolder, newFolder, openApp, removeFolder, type TestApp } from './app-fixture.js';

let folder: string;
let app: TestApp;
beforeEach(async () => {
  folder = newFolder();
  app = await openApp(folder, { env: { LONGLEAF_FAKE_READ_MS: '40' } });
});
afterEach(async () => {
  await app.close();
  removeFolder(folder);
});

const small = { documentId: null, tokens: 2048, facts: 6 };
const kept = () =>
  existsSync(join(folder, 'sparsity')) ? readdirSync(join(folder, 'sparsity')) : [];
const runs = () => app.events.flatMap((event) => (event.type === 'calibration' ? [event.run] : []));
const until = (accept: (run: CalibrationRun) => boolean) =>
  app.until((event) => event.type === 'calibration' && accept(event.run) && event.run);
const state = async () => (await app.call('calibration.state', {})).run;

it('measures every level, tells how far it is, and changes nothing until it is kept', async () => {
  const before = await app.call('calibration.state', {});
  expect(before).toMatchObject({ run: { state: 'idle' }, model: { source: 'shipped' } });
  await app.call('calibration.start', small);
  const done = await until((run) => run.state === 'done');
  expect(done).toMatchObject({
    profile: {
      defaultLevel: 75, // at 100 every other fact is lost
      calibration: { text: 'text made up for measuring', drift: { length: 8 } },
    },
  });
  expect(
    done.state === 'done' && done.profile.calibration?.levels.map((each) => each.level),
  ).toEqual([0, 25, 50, 75, 100]);
  const fractions = runs().flatMap((run) => (run.state === 'running' ? [run.fraction] : []));
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(fractions.at(-1)).toBeGreaterThan(0.5);
  expect(kept()).toEqual([]);

  const after = await app.call('calibration.keep', {});
  expect(after).toMatchObject({ run: { state: 'idle' }, model: { source: 'calibrated' } });
  expect(kept()).toHaveLength(1);
  const [card] = await app.call('models.list', {});
  expect(card?.defaultLevel).toBe(75);
  const { levels } = await app.call('levels.forecast', {});
  expect(levels[100]?.facts).toMatchObject({ level: 100, asked: 6, exact: 6 });
  expect(levels[60]?.facts).toMatchObject({ level: 75, found: 6 });
  expect(levels[0]).toMatchObject({ layers: [], kept: 1, facts: { found: 6 } });

  expect(await app.call('calibration.reset', {})).toMatchObject({ model: before.model });
  expect(kept()).toEqual([]);
});

it('what is thrown away leaves the profile as it was', async () => {
  await app.call('calibration.start', small);
  await until((run) => run.state === 'done');
  expect(await app.call('calibration.discard', {})).toMatchObject({
    run: { state: 'idle' },
    model: { source: 'shipped' },
  });
  await expect(app.call('calibration.keep', {})).rejects.toMatchObject({
    failure: { code: 'not_found' },
  });
});

it.each(['drift', 'reading', 'asking'])('cancel during %s is obeyed at once', async (kind) => {
  await app.call('calibration.start', { ...small, facts: 100, tokens: 8192 });
  await until((run) => run.state === 'running' && run.step.kind === kind);
  const pressed = performance.now();
  await app.call('calibration.cancel', {});
  await expect.poll(async () => (await state()).state, { interval: 5 }).toBe('idle');
  expect(performance.now() - pressed).toBeLessThan(200);
  expect(await state()).toEqual({ state: 'idle' });
  expect(kept()).toEqual([]);
});

it('a question waits for it; an answer under way refuses it', async () => {
  const { id } = await app.addText('a.txt', 'The ferry leaves at noon. '.repeat(30));
  const { id: conversationId } = await app.call('conversations.create', { documentIds: [id] });
  await app.call('calibration.start', { ...small, documentId: id });
  await expect(app.call('calibration.start', small)).rejects.toMatchObject({
    failure: { code: 'busy' },
  });
  const turn = await app.call('turns.ask', { conversationId, question: 'When? [slow]' });
  const done = await until((run) => run.state === 'done');
  expect(done).toMatchObject({ profile: { calibration: { text: 'a' } } });
  await expect(app.call('calibration.start', small)).rejects.toMatchObject({
    failure: { code: 'busy' },
  });
  await app.call('turns.stop', { turnId: turn.id });
  expect((await app.finished(turn.id)).state).toBe('stopped');
});

it('a reading saved under another profile is not offered, an exact one is', async () => {
  await app.close();
  const models = newFolder();
  for (const file of ['longleaf-mini.gguf', 'catalog.json'])
    symlinkSync(join(modelsFolder, file), join(models, file));
  writeFileSync(
    join(models, 'longleaf-mini.sparsity.json'),
    JSON.stringify({ ...paperProfile(8), layers: [6, 7] }),
  );
  app = await openApp(folder, { env: { LONGLEAF_FAKE_READ_MS: '40' }, models });
  const { id } = await app.addText('a.txt', 'The ferry leaves at noon. '.repeat(100));
  const { id: conversationId } = await app.call('conversations.create', { documentIds: [id] });
  const saved = async () => (await app.call('levels.forecast', { conversationId })).saved;
  for (const [at, level] of [0, 25].entries()) {
    await app.call('settings.set', { patch: { level } });
    await app.call('readings.start', { conversationId });
    await expect.poll(async () => (await saved()).length, { timeout: 10_000 }).toBe(at + 1);
  }
  await app.call('calibration.start', small);
  await until((run) => run.state === 'done');
  expect(await saved()).toEqual([0, 25]);
  await app.call('calibration.keep', {}); // other layers than before
  expect(await saved()).toEqual([0]);
  expect(await app.call('readings.state', { conversationId })).toMatchObject({ status: 'unread' });
  await app.call('calibration.reset', {});
  expect(await saved()).toEqual([0, 25]);
  removeFolder(models);
});

it('ends with a sentence when the model is changed under it', async () => {
  await app.call('calibration.start', { ...small, tokens: 8192, facts: 100 });
  await until((run) => run.state === 'running' && run.step.kind === 'asking');
  await app.call('settings.set', { patch: { threads: 1 } });
  const ended = await until((run) => run.state === 'idle');
  expect(ended).toMatchObject({ failure: { message: expect.stringContaining('unloaded') } });
});
