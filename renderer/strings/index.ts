// The words in use, and the languages there are. Whoever shows words takes them when it is built: App is built
// again after the language was changed (see Root.svelte).
import type { Failure, ModelCard, Settings } from '../../main/contract/index.js';
import { writeAsIn } from '../ui/format.js';
import { nameOfAnchor } from './anchor-names.js';
import { de } from './de.js';
import { en, type Strings } from './en.js';

export type Language = Exclude<Settings['language'], 'system'>;

interface Spoken {
  /** In the language itself. */
  name: string;
  words: Strings;
  /** How numbers and dates are written where the system does not say. */
  locale: string;
}

export const languages: Record<Language, Spoken> = {
  en: { name: 'English', words: en, locale: 'en-GB' },
  de: { name: 'Deutsch', words: de, locale: 'de-DE' },
};

export let words: Strings = en;

const baseOf = (locale: string): string => locale.split('-')[0]!.toLowerCase();
const isLanguage = (name: string): name is Language => name in languages;

/** The language chosen, else the first of the system's that Longleaf has, else English. */
export function languageOf(chosen: Settings['language'], system: readonly string[]): Language {
  if (chosen !== 'system') return chosen;
  return system.map(baseOf).find(isLanguage) ?? 'en';
}

/** From now on `words`, numbers and dates are in `language`: written as the system does where it is the same. */
export function speak(language: Language, system: readonly string[]): void {
  words = languages[language].words;
  writeAsIn(system.find((locale) => baseOf(locale) === language) ?? languages[language].locale);
}

/** "Page 12", "Lines 1–80": places in documents are named by the app, in English. */
export const anchorName = (label: string): string =>
  nameOfAnchor(label, words.document.anchorNames);

/** What a model can and cannot do; of the one that ships, in the language of the window. */
export const modelWords = (card: ModelCard): Pick<ModelCard, 'summary' | 'limits'> =>
  (card.bundled ? words.welcome.bundled : null) ?? card;

export type Worded = Pick<Failure, 'message' | 'hint'> & {
  /** What the app said, in English, when `message` is only what kind of failure it was. */
  original?: string;
};

/** A failure in the language of the window. */
export function worded(failure: Failure): Worded {
  const message = words.failures?.[failure.code];
  if (message === undefined) return failure;
  const original = [failure.message, failure.hint].filter(Boolean).join(' ');
  return { message, original };
}
