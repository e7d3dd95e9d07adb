import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DocumentSummary } from '../../../main/contract/index.js';
import { BridgeError } from '../../../renderer/bridge/bridge-error.js';
import { filterByTitle, matches } from '../../../renderer/library/filter.js';
import { Imports } from '../../../renderer/library/imports.svelte.js';
import { settle, TestBridge } from '../bridge.js';
import { stubFrames, type Frames } from '../frames.js';

interface Running {
  name: string;
  id: string;
  arrive(): void;
  fail(message: string): void;
}

let bridge: TestBridge;
let imports: Imports;
let frames: Frames;
let running: Running[];

beforeEach(() => {
  frames = stubFrames();
  running = [];
  bridge = new TestBridge({ 'documents.cancelImport': () => ({}) });
  bridge.importFile = (file, id) =>
    new Promise((resolve, reject) => {
      running.push({
        name: file.name,
        id,
        arrive: () => resolve({ id: `document of ${file.name}` } as DocumentSummary),
        fail: (message) => reject(new BridgeError({ code: 'document_damaged', message })),
      });
    });
  imports = new Imports(bridge);
});
afterEach(() => frames.end());

const add = (...names: string[]) => imports.add(names.map((name) => new File(['x'], name)));
const names = () => running.map(({ name }) => name);
const stages = () => imports.items.map(({ name, stage }) => `${name}: ${stage}`);

test('two at a time, the rest wait their turn; arrivals come in the order given', async () => {
  const added = add('a', 'b', 'c', 'd');
  await settle();
  expect(names()).toEqual(['a', 'b']);
  expect(stages()).toEqual(['a: copying', 'b: copying', 'c: waiting', 'd: waiting']);
  running[1]!.arrive();
  await settle();
  expect(names()).toEqual(['a', 'b', 'c']);
  for (const index of [2, 0]) running[index]!.arrive();
  await settle();
  running[3]!.arrive();
  expect((await added).map(({ id }) => id)).toEqual(
    ['a', 'b', 'c', 'd'].map((name) => `document of ${name}`),
  );
  expect(imports.items).toEqual([]);
});

test('a failure stays on the list with its reason; the others go on', async () => {
  const added = add('bad', 'good');
  await settle();
  running[0]!.fail('The file is broken.');
  running[1]!.arrive();
  expect(await added).toHaveLength(1);
  expect(imports.items).toMatchObject([
    { name: 'bad', failure: { code: 'document_damaged', message: 'The file is broken.' } },
  ]);
  expect(imports.busy).toBe(false);
  imports.dismiss(imports.items[0]!.id);
  expect(imports.items).toEqual([]);
});

test('all failures are dismissed at once, not what is under way', async () => {
  void add('bad', 'worse', 'slow');
  await settle();
  running[0]!.fail('Broken.');
  running[1]!.fail('Broken.');
  await settle();
  imports.dismissFailed();
  expect(stages()).toEqual(['slow: copying']);
});

test('the next files clear away old failures, not what is under way', async () => {
  void add('bad', 'slow');
  await settle();
  running[0]!.fail('Broken.');
  await settle();
  void add('next');
  await settle();
  expect(stages()).toEqual(['slow: copying', 'next: copying']);
});

test('cancelled while waiting, a file is never sent', async () => {
  const added = add('a', 'b', 'c');
  await settle();
  const waiting = imports.items[2]!;
  imports.cancel(waiting.id);
  expect(stages()[2]).toBe('c: cancelling');
  for (const each of running) each.arrive();
  expect(await added).toHaveLength(2);
  expect(names()).toEqual(['a', 'b']);
  expect(imports.items).toEqual([]);
});

test('cancelled under way, a file leaves without a failure', async () => {
  const added = add('a');
  await settle();
  imports.cancel(running[0]!.id);
  expect(bridge.called('documents.cancelImport')).toEqual([{ importId: running[0]!.id }]);
  running[0]!.fail('Cancelled.');
  expect(await added).toEqual([]);
  expect(imports.items).toEqual([]);
});

test('progress is shown once per frame, the latest of each file', async () => {
  void add('a', 'b');
  await settle();
  const before = imports.items;
  for (let step = 0; step <= 100; step += 1) {
    const progress = { fileName: 'a', stage: 'parsing', fraction: step / 100 } as const;
    imports.receive({ importId: running[0]!.id, ...progress });
  }
  expect(imports.items).toBe(before);
  expect(frames.waiting).toBe(1);
  frames.next();
  expect(imports.items).toMatchObject([
    { stage: 'parsing', fraction: 1 },
    { stage: 'copying', fraction: null },
  ]);
});

test('progress that overtakes a cancellation does not undo it', async () => {
  void add('a');
  await settle();
  imports.cancel(running[0]!.id);
  imports.receive({ importId: running[0]!.id, fileName: 'a', stage: 'parsing', fraction: 0.5 });
  frames.next();
  expect(stages()).toEqual(['a: cancelling']);
});

test('titles are found by every word, accents and case aside', () => {
  expect(matches('Émile, ou De l’éducation', 'emile educ')).toBe(true);
  expect(matches('The Ferryman’s Ledger', 'ledger ferry')).toBe(true);
  expect(matches('The Ferryman’s Ledger', 'ledger lease')).toBe(false);
  expect(filterByTitle(['a', 'b'], '  ', (title) => title)).toEqual(['a', 'b']);
});
