// The evaluation's tasks and figures, without a model: the tests a wrong table would not survive.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ablationsOf, levelsOf, policiesOf, readProfile } from '../eval/configurations.mjs';
import { Haystack, readBooks } from '../eval/haystack.mjs';
import { page } from '../eval/page.mjs';
import { Draw } from '../eval/random.mjs';
import { judge } from '../eval/references.mjs';
import { Rows } from '../eval/rows.mjs';
import { estimate, estimateDifference, wilson } from '../eval/statistics.mjs';
import { summarise, summariseReadings, summariseReferences } from '../eval/summary.mjs';
import { score, tasks } from '../eval/tasks/index.mjs';

interface Item {
  question: string;
  answers: string[];
  depth: number | null;
}
type Make = (
  draw: Draw,
  haystack: Haystack,
  room: number,
  questions: number,
) => Promise<{ text: string; items: Item[] }>;

// Nearly what a byte-level tokenizer makes of English.
const count = (text: string) => Promise.resolve(Math.ceil(text.length / 3.5));
const haystack = new Haystack(readBooks(undefined), count);
const profile = readProfile(new URL('../../models/longleaf-mini.sparsity.json', import.meta.url));

test.each(
  Object.entries(tasks).map(([name, { make }]) => [name, make as unknown as Make] as const),
)('%s: fits, holds what it asks for, and is the same for the same seed', async (name, make) => {
  for (const room of [1500, 6000]) {
    const { text, items } = await make(new Draw('1'), haystack, room, 4);
    expect(await count(text)).toBeLessThanOrEqual(room);
    expect(await count(text)).toBeGreaterThan(room * 0.6);
    expect(items.length).toBeGreaterThan(0);
    for (const { answers, question, depth } of items) {
      for (const answer of answers) expect(text).toContain(answer);
      expect(new Set(answers).size).toBe(answers.length);
      expect(question.endsWith('?') || question.endsWith('.')).toBe(true);
      if (depth !== null) expect(depth).toBeGreaterThanOrEqual(0);
      expect(score(answers.join(', '), answers)).toBe(1);
    }
    expect(await make(new Draw('1'), haystack, room, 4)).toEqual({ text, items });
    expect((await make(new Draw('2'), haystack, room, 4)).text).not.toBe(text);
  }
  expect(name).toMatch(/^[a-z-]+$/);
});

test('a reply scores by the answers it holds, whole', () => {
  expect(score('It is 48213.', ['48213'])).toBe(1);
  expect(score('It is 148213.', ['48213'])).toBe(0);
  expect(score('“The  Ferry\nleft.”', ['the ferry left.'])).toBe(1);
  expect(score('ABCDE and FGHIJ', ['ABCDE', 'FGHIJ', 'KLMNO', 'PQRST'])).toBe(0.5);
});

test('intervals know their documents', () => {
  expect(wilson(10, 10)[0]).toBeCloseTo(0.722, 3); // as tabulated
  expect(wilson(5, 10).map((each) => Number(each.toFixed(3)))).toEqual([0.237, 0.763]);
  const apart = Array.from({ length: 100 }, (_, i) => [i % 2]);
  const { mean, low, high, documents } = estimate(apart);
  expect([mean, documents]).toEqual([0.5, 100]);
  // 1.96 * sqrt(.25 / 100) = .098
  expect(low).toBeCloseTo(0.402, 1);
  expect(high).toBeCloseTo(0.598, 1);
  // The same values in ten documents that each agree with themselves say much less.
  const together = Array.from({ length: 10 }, (_, i) => Array<number>(10).fill(i % 2));
  const rough = estimate(together);
  expect(rough.high - rough.low).toBeGreaterThan(2 * (high - low));
  expect(estimate([[1], [1]]).low).toBeLessThan(1);
  const one = estimate([[1, 0, 0, 0]]); // one document says next to nothing
  expect(one.high - one.low).toBeGreaterThan(0.7);
  // Documents that each hold one of four agree as well.
  expect(estimate(Array.from({ length: 4 }, () => [1, 0, 0, 0])).low).toBeLessThan(0.1);
  const lost = estimateDifference([[-1, 0, 0, 0]]);
  expect([lost.mean, lost.low, lost.high > 0]).toEqual([-0.25, -1, true]);
  const none = estimateDifference([[0], [0], [0]]);
  expect([none.mean, none.low, none.high]).toEqual([0, -none.high, none.high]);
  expect(none.high).toBeGreaterThan(0.3);
});

const row = (over: object) => ({
  ...{ task: 'single', tokens: 4096, document: 0, configuration: 'exact', order: 'read first' },
  ...{ item: 0, depth: 0.5, score: 1, reply: '', documentTokens: 4000, readSeconds: 2 },
  keptFraction: [1, 1],
  ...over,
});

test('what was lost is counted item by item against exact', () => {
  const faster = { configuration: 'level 25', readSeconds: 1, keptFraction: [1, 0.5] };
  const rows = [
    row({}),
    row({ item: 1, score: 0 }),
    row({ document: 1 }),
    row({ ...faster, score: 0 }),
    row({ ...faster, item: 1, score: 0 }),
    row({ ...faster, document: 1 }),
    row({ ...faster, document: 2 }), // not read exactly: no pair
  ];
  const cells = summarise(rows) as {
    task: string;
    configuration: string;
    accuracy: { mean: number; items: number };
    change: { mean: number; items: number };
  }[];
  const cell = cells.find((each) => each.task === 'single' && each.configuration === 'level 25');
  expect(cell?.accuracy).toMatchObject({ items: 4, mean: 0.5 });
  expect(cell?.change.items).toBe(3);
  expect(cell?.change.mean).toBeCloseTo(-1 / 3, 10);
  const readings = summariseReadings(rows);
  expect(readings.find((each) => each.configuration === 'level 25')).toMatchObject({
    seconds: 1,
    speedUp: 2,
    keptByLayer: [1, 0.5],
  });
  const configurations = [{ name: 'exact' }, { name: 'level 25' }];
  const about = { model: { name: 'A <model>' }, device: 'CPU', date: '2026-01-02', seed: '1' };
  const titles = { single: 'One fact' };
  const html = page({
    ...{ ...about, books: 'x', complete: true, configurations, titles },
    ...{ cells: cells as object[], readings, references: summariseReferences([]) },
  });
  expect(html).toContain('A &lt;model&gt;');
  expect(html).toContain('× 2.00');
  expect(html).not.toMatch(/NaN|undefined|https?:/);
});

test('references are those of the app, and hit when they touch the page', () => {
  const pages = ['The first page.', 'The access code is 48213.', 'The last page.'];
  const text = pages.map((page) => page.padEnd(3000)).join('');
  // A token is ten characters; one mark comes before the text.
  const document = Int32Array.from({ length: 901 }, (_, i) => i - 1);
  const engine = { detokenize: (some: Int32Array) => 'x'.repeat(10 * some.length) };
  const attentionTo = (character: number) => {
    const attention = new Float32Array(document.length);
    attention[1 + character / 10] = 0.8;
    return attention;
  };
  const made = { text, document, first: 1 };
  const about = (reply: string, character: number) =>
    judge(engine, made, { reply, attention: attentionTo(character) }, 3000);
  const quotation = '“The access code is 48213.”';
  expect(about(quotation, 3000)).toEqual({ quoted: 1, among: true, alone: true });
  expect(about(quotation, 6000)).toEqual({ quoted: 1, among: true, alone: false });
  expect(about('It is 7.', 3000)).toEqual({ quoted: 0, among: true, alone: true });
  expect(about('It is 7.', 6000)).toEqual({ quoted: 0, among: false, alone: false });
});

test('references count where the answer was right', () => {
  const references = { quoted: 1, among: true, alone: false };
  const rows = [
    row({ references }),
    row({ item: 1, references: { ...references, quoted: 0 } }),
    row({ item: 2, score: 0, references: { quoted: 0, among: false, alone: false } }),
    row({ item: 3 }), // of a model whose heads are not known
  ];
  const [cell] = summariseReferences(rows) as Record<string, { mean: number; items: number }>[];
  expect(cell?.['among']).toMatchObject({ mean: 1, items: 2 });
  expect(cell?.['alone']).toMatchObject({ mean: 0 });
  expect(cell?.['quoted']).toMatchObject({ mean: 0.5 });
});

test('a run goes on where it stopped', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'longleaf-eval-')), 'rows.jsonl');
  const rows = new Rows(file);
  rows.add([row({}), row({ item: 1 })]);
  rows.add([]);
  const again = new Rows(file);
  expect(again.all).toEqual(rows.all);
  expect(again.has(row({}))).toBe(true);
  expect(again.has(row({ order: 'at once' }))).toBe(false);
});

const choosing = {
  ...profile,
  levels: [
    { level: 0, tau: 0 },
    { level: 50, tau: 0.02, layers: [6, 7] },
    { level: 100, tau: 0.1, blocks: { pattern: 'flex', layers: [0], gamma: 0.9 } },
  ],
};

test('policies: blocks in every layer, alone and beside the tokens of a level', () => {
  const [exact, tokens, alone, beside, ...more] = policiesOf(choosing, 8, 50);
  expect(exact?.sparsity).toBeNull();
  expect(tokens?.sparsity).toMatchObject({ tau: 0.02, layers: [6, 7] });
  expect(tokens?.sparsity?.blocks).toBeUndefined();
  expect(alone?.sparsity).toMatchObject({ tau: 0, layers: [], blocks: { gamma: 0.99 } });
  expect(beside?.sparsity).toMatchObject({ ...tokens?.sparsity, blocks: { gamma: 0.99 } });
  expect(more.length % 2).toBe(0);
  const [, withoutItsBlocks] = policiesOf(choosing, 8, 100);
  expect(withoutItsBlocks?.sparsity?.tau).toBe(0.1);
  expect(withoutItsBlocks?.sparsity?.blocks).toBeUndefined();
  expect(() => policiesOf(choosing, 8, 0)).toThrow('exact');
});

test('policies beside a level that chooses no tokens are blocks alone, each once', () => {
  const [exact, ...ways] = policiesOf(profile, 8, 50);
  expect(exact?.sparsity).toBeNull();
  expect(ways.length).toBeGreaterThan(0);
  for (const { name, sparsity } of ways) {
    expect(name).not.toContain('tokens of level');
    expect(sparsity).toMatchObject({ tau: 0, layers: [], blocks: { layers: { length: 8 } } });
  }
});

test('configurations: exact comes first, ablations change one thing', () => {
  const levels = levelsOf(profile, 8, [50, 25]);
  expect(levels.map(({ name }) => name)).toEqual(['exact', 'level 25', 'level 50']);
  expect(levels[0]?.sparsity).toBeNull();
  const [exact, base, ...changed] = ablationsOf(choosing, 8, 50);
  expect(exact?.sparsity).toBeNull();
  for (const { sparsity } of changed) {
    const differing = Object.entries(sparsity ?? {}).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify((base?.sparsity as never)[key]),
    );
    expect(differing).toHaveLength(1);
  }
  expect(() => ablationsOf(choosing, 8, 0)).toThrow('no tokens');
  expect(() => ablationsOf(profile, 8, 50)).toThrow('no tokens'); // by blocks: nothing of it is changed
});
