// A backup taken from a library that is in use, and what is there after it was restored.
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unpackBackup } from '../../../main/services/backup/unpack.js';
import { newFolder, openApp, removeFolder, type TestApp } from '../services/app-fixture.js';

const story = 'Once there was a ferry on the river, and its access code was 48213. '.repeat(40);

let folder: string;
let outside: string;
let app: TestApp;
beforeEach(async () => {
  folder = newFolder();
  outside = newFolder();
  app = await openApp(folder);
});
afterEach(async () => {
  await app.close();
  removeFolder(folder);
  removeFolder(outside);
});

async function asked(texts: Record<string, string>, question: string): Promise<string> {
  const documentIds: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    documentIds.push((await app.addText(name, text)).id);
  }
  const { id: conversationId } = await app.call('conversations.create', { documentIds });
  const { id } = await app.call('turns.ask', { conversationId, question: `${question} [fast]` });
  await app.finished(id);
  return conversationId;
}

async function backUp(name = 'backup.zip'): Promise<string> {
  const { backupId } = await app.call('backup.prepare', {});
  const path = join(outside, name);
  await pipeline(app.takeBackup(backupId).stream, createWriteStream(path));
  return path;
}

const everything = async () => {
  const { documents, conversations } = await app.call('library.list', {});
  const shown = conversations.map(({ id }) =>
    app.call('conversations.get', { conversationId: id }),
  );
  const { readingsBytes, level } = await app.call('settings.get', {});
  return { documents, conversations: await Promise.all(shown), readingsBytes, level };
};

it('brings everything back, in another data folder as well', async () => {
  const id = await asked(
    { 'one.txt': `${story}\nSecond part.\n`, 'two.txt': 'Short.' },
    'What code?',
  );
  const { documentIds } = await app.call('conversations.get', { conversationId: id });
  const range = { from: 0, to: 1 };
  await app.call('conversations.setRange', {
    conversationId: id,
    documentId: documentIds[0]!,
    range,
  });
  await app.call('settings.set', { patch: { level: 60, readingsBytes: 5e9 } });
  mkdirSync(join(folder, 'sparsity'), { recursive: true });
  writeFileSync(join(folder, 'sparsity', 'abc.json'), '{"version":1}');
  const before = await everything();
  const contents = await app.call('backup.prepare', {});
  expect(contents).toMatchObject({ documents: 2, conversations: 1, turns: 1, missing: 0 });
  expect(contents.fileName).toMatch(/^Longleaf \d{4}-\d\d-\d\d\.zip$/);
  const path = await backUp();

  await app.close();
  const elsewhere = newFolder();
  app = await openApp(elsewhere);
  await app.addText('mine.txt', 'What was here before.');
  const present = (await everything()).documents;
  const checked = await app.call('backup.check', { path });
  expect(checked).toMatchObject({ documents: 2, conversations: 1, turns: 1, app: '0.0.0' });
  expect((await everything()).documents).toEqual(present); // so far nothing has changed
  const { aside } = await app.call('backup.restore', { restoreId: checked.restoreId });
  expect(await everything()).toEqual(before);
  const bytes = await app.call('documents.original', {
    documentId: documentIds[1]!,
    start: 0,
    end: 99,
  });
  expect(Buffer.from(bytes.base64, 'base64').toString()).toBe('Short.');
  expect(readFileSync(join(elsewhere, 'sparsity', 'abc.json'), 'utf8')).toBe('{"version":1}');
  expect((await app.call('readings.saved', {})).readings).toEqual([]);

  // It goes on answering, and whoever listened hears of it.
  const turn = await app.call('turns.ask', { conversationId: id, question: 'And now? [fast]' });
  expect((await app.finished(turn.id)).state).toBe('done');
  await app.close();
  // The library of before is whole, as a data folder of its own.
  app = await openApp(aside);
  expect((await everything()).documents).toEqual(present);
  await app.close();
  removeFolder(elsewhere);
  app = await openApp(folder);
});

it('holds no word of what was deleted, no reading, and no temporary file stays', async () => {
  await asked({ 'secret.txt': `The vault opens with zanzibarine.\n${story}` }, 'What code?');
  await expect.poll(async () => (await app.call('readings.saved', {})).readings.length).toBe(1);
  const { documents, conversations } = await app.call('library.list', {});
  await app.call('documents.remove', { documentId: documents[0]!.id });
  await app.call('conversations.remove', { conversationId: conversations[0]!.id });
  await app.addText('kept.txt', 'A word that stays: marzipan.');
  const path = await backUp();
  const target = newFolder();
  const { staged, manifest } = await unpackBackup(path, target);
  const library = readFileSync(join(target, staged, 'library.db'));
  expect(library.includes('marzipan')).toBe(true);
  expect(library.includes('zanzibarine')).toBe(false);
  expect(manifest.files.filter(({ path: name }) => name.startsWith('originals/'))).toHaveLength(1);
  removeFolder(target);
  await expect
    .poll(() => readdirSync(folder).filter((name) => /^(backup|restoring)-/.test(name)))
    .toEqual([]);
});

it('is as it was when it was prepared, whatever is deleted before it is fetched', async () => {
  await asked({ 'one.txt': story }, 'What code?');
  const { backupId } = await app.call('backup.prepare', {});
  const { documents } = await app.call('library.list', {});
  await app.call('documents.remove', { documentId: documents[0]!.id });
  const path = join(outside, 'b.zip');
  await pipeline(app.takeBackup(backupId).stream, createWriteStream(path));
  expect(() => app.takeBackup(backupId)).toThrow('no longer there');
  const { restoreId } = await app.call('backup.check', { path });
  await app.call('backup.restore', { restoreId });
  expect((await app.call('library.list', {})).documents).toEqual(documents);
});

it('names originals that are gone or damaged, and keeps their text', async () => {
  await asked({ 'one.txt': story, 'two.txt': 'Short.' }, 'What code?');
  const files = readdirSync(join(folder, 'originals'));
  rmSync(join(folder, 'originals', files[0]!));
  writeFileSync(join(folder, 'originals', files[1]!), 'nonsense');
  expect(await app.call('backup.prepare', {})).toMatchObject({ missing: 2, documents: 2 });
  const path = await backUp();
  const { restoreId, missing } = await app.call('backup.check', { path });
  expect(missing).toBe(2);
  await app.call('backup.restore', { restoreId });
  expect((await app.call('library.list', {})).documents).toHaveLength(2);
});

it('comes in as a stream, too, and one that was refused or forgotten leaves nothing', async () => {
  await asked({ 'one.txt': story }, 'What code?');
  const path = await backUp();
  const { restoreId } = await app.receiveBackup(createReadStream(path), 0);
  await app.call('backup.forget', { restoreId });
  await expect(app.call('backup.restore', { restoreId })).rejects.toThrow('no longer there');
  const cut = createReadStream(path, { end: 300 });
  await expect(app.receiveBackup(cut, 300)).rejects.toThrow('cannot be restored');
  await expect(app.receiveBackup(createReadStream(path), 1e18)).rejects.toThrow('no room');
  expect(readdirSync(folder).filter((name) => /^(backup|restoring)-/.test(name))).toEqual([]);
  expect(existsSync(join(folder, 'library.db'))).toBe(true);
  expect((await app.call('library.list', {})).documents).toHaveLength(1);
});
