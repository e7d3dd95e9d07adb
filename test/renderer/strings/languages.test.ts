// That a language is complete is checked by types. Here: that nothing was left in English by oversight, and that
// what is put into a sentence is in it in every language.
import { afterEach, expect, test } from 'vitest';
import {
  anchorName,
  languageOf,
  languages,
  speak,
  words,
  worded,
} from '../../../renderer/strings/index.js';
import { en } from '../../../renderer/strings/en.js';

afterEach(() => speak('en', ['en-GB']));

type Leaf = string | ((...values: number[]) => string);

/** Every string and sentence-maker by its path: "chat.turn.copy". */
function leaves(value: unknown, path = ''): [string, Leaf][] {
  if (typeof value === 'string' || typeof value === 'function') return [[path, value as Leaf]];
  if (value === null) return [];
  return Object.entries(value as object).flatMap(([key, each]) =>
    leaves(each, path === '' ? key : `${path}.${key}`),
  );
}

/** Numbers stand for every kind of value; both languages get the same ones. */
function said(leaf: Leaf): string {
  if (typeof leaf === 'string') return leaf;
  // Some take the name of a unit among the numbers.
  for (const values of [
    [7, 8, 9, 10],
    [7, 8, 'page'],
    [7, 'page'],
  ]) {
    try {
      return leaf(...(values as number[]));
    } catch {
      // The next one.
    }
  }
  throw new Error(`What this takes is not known: ${leaf.toString()}`);
}

/** What was put in, however the language writes it: digits without what groups and divides them. */
const putIn = (text: string): string[] =>
  (text.replace(/(\d)[.,](?=\d)/g, '$1').match(/\d+/g) ?? []).sort();

const others = Object.entries(languages).filter(([name]) => name !== 'en');
const english = new Map(leaves(en));

/** Written alike on purpose: names, formats, units, terms of the field. */
const alike: Record<string, readonly string[]> = {
  de: [
    'app.name',
    'library.kinds',
    'library.size',
    'model.spoken.idle',
    'readings.facts',
    'settings.memory.bytes',
    'settings.models.downloadPlaceholder',
    'settings.models.downloads',
    'settings.models.facts.parameters',
    'settings.fields.threads',
    'settings.fields.topK',
    'settings.fields.topP',
    'settings.fields.minP',
    'settings.about.version',
    'chat.level.value',
    'calibration.form.text',
    'calibration.result.about',
    'calibration.result.duration',
    'calibration.result.percent',
    'calibration.result.times',
    'keptPlaces.part',
  ],
};

test.each(others)('nothing is left in English in %s', (name, { words }) => {
  const same = leaves(words)
    .filter(([path, leaf]) => english.has(path) && said(leaf) === said(english.get(path)!))
    .map(([path]) => path)
    .filter((path) => !alike[name]?.some((each) => path === each || path.startsWith(`${each}.`)));
  expect(same).toEqual([]);
});

test.each(others)('every value put into a sentence is in it in %s', (_name, { words }) => {
  for (const [path, leaf] of leaves(words)) {
    const original = english.get(path);
    if (typeof leaf !== 'function' || typeof original !== 'function') continue;
    expect.soft(leaf.length, path).toBe(original.length);
    expect.soft(putIn(said(leaf)), path).toEqual(putIn(said(original)));
  }
});

test.each(others)('%s has the same number of points and of everything else', (_name, { words }) => {
  const paths = new Set(leaves(words).map(([path]) => path));
  expect([...english.keys()].filter((path) => !paths.has(path))).toEqual([]);
});

test('the language is the chosen one, else the first of the system’s that there is', () => {
  expect(languageOf('de', ['en-US'])).toBe('de');
  expect(languageOf('system', ['fr-FR', 'de-CH', 'en'])).toBe('de');
  expect(languageOf('system', ['fr-FR'])).toBe('en');
});

test('numbers are written as the system does where it speaks the language', () => {
  speak('de', ['en-US']);
  expect(words.chat.meter.of(16_021, 131_072)).toBe('16.021 von 131.072 Token');
  speak('de', ['de-CH']);
  expect(words.chat.meter.of(16_021, 131_072)).toMatch(/^16[’']021 von 131[’']072 Token$/);
});

test('places named by the app and kinds of failure are told in the language of the window', () => {
  const failure = {
    code: 'document_no_text',
    message: 'None has text.',
    hint: 'Use OCR.',
  } as const;
  expect(anchorName('Lines 1–80')).toBe('Lines 1–80');
  expect(worded(failure)).toBe(failure);
  speak('de', ['de-DE']);
  expect(anchorName('Page iv')).toBe('Seite iv');
  expect(anchorName('Lines 1–80 (part 2)')).toBe('Zeilen 1–80 (Teil 2)');
  expect(anchorName('Page of the prince')).toBe('Page of the prince');
  expect(worded(failure).message).toMatch(/Scan/);
  expect(worded(failure).original).toBe('None has text. Use OCR.');
});
