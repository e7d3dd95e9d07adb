// Finding by title: every word typed must begin a word of the title or stand inside it, accents and case aside.

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

export function matches(title: string, query: string): boolean {
  const haystack = plain(title);
  return plain(query)
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

export function filterByTitle<T>(
  items: readonly T[],
  query: string,
  title: (item: T) => string,
): T[] {
  return query.trim() === '' ? [...items] : items.filter((item) => matches(title(item), query));
}
