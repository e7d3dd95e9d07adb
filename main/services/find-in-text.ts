// Finding in one document, as a reader does: any part of a word counts, and how it was typed does not.
import type { Result } from '../contract/index.js';
import { indexOf } from './evidence.js';
import { levelled } from './text-index.js';

const mostPlaces = 1000;

export function findInText(
  document: { id: string; text: string },
  query: string,
): Result<'documents.find'> {
  const places = indexOf(document).find(levelled(query), mostPlaces + 1, {
    ignoreCase: true,
    partsOfWords: true,
  });
  return { places: places.slice(0, mostPlaces), more: places.length > mostPlaces };
}
