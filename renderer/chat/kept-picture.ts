// The picture of what was kept: which cell is where, and what lies there in the text.
import type { KeptPlaces } from '../../main/contract/index.js';

export interface Cell {
  layer: number;
  stretch: number;
}

/** Rows from the first layer down; dense ones are whole. */
export function rowsOf(kept: KeptPlaces, layers: number): (readonly number[] | null)[] {
  const known = new Map(kept.layers.map(({ layer, shares }) => [layer, shares]));
  return Array.from({ length: layers }, (_, layer) => known.get(layer) ?? null);
}

export function moved(
  { layer, stretch }: Cell,
  key: string,
  rows: number,
  columns: number,
): Cell | null {
  const within = (at: number, most: number) => Math.min(Math.max(at, 0), most - 1);
  switch (key) {
    case 'ArrowLeft':
      return { layer, stretch: within(stretch - 1, columns) };
    case 'ArrowRight':
      return { layer, stretch: within(stretch + 1, columns) };
    case 'ArrowUp':
      return { layer: within(layer - 1, rows), stretch };
    case 'ArrowDown':
      return { layer: within(layer + 1, rows), stretch };
    case 'Home':
      return { layer, stretch: 0 };
    case 'End':
      return { layer, stretch: columns - 1 };
    default:
      return null;
  }
}

/** The passage of a stretch: up to where the next begins, or in a document's last one, a screenful. */
export function passageOf({ stretches }: KeptPlaces, stretch: number) {
  const { document, at } = stretches[stretch]!;
  const next = stretches
    .slice(stretch + 1)
    .find((each) => each.document !== document || each.at > at);
  const end = next?.document === document ? next.at : at + 400;
  return { document, start: at, end };
}

/** Stretches where another document begins. */
export function boundaries({ stretches }: KeptPlaces): number[] {
  return stretches.flatMap(({ document }, at) =>
    at > 0 && stretches[at - 1]!.document !== document ? [at] : [],
  );
}

/** Means over `parts` equal parts of the text, for the table. */
export function inParts(shares: readonly number[], parts: number): number[] {
  const width = shares.length / parts;
  return Array.from({ length: parts }, (_, part) => {
    const some = shares.slice(Math.round(part * width), Math.round((part + 1) * width));
    return some.reduce((sum, each) => sum + each, 0) / Math.max(1, some.length);
  });
}
