// From the stretches of a prompt that the engine counts in to places in the documents.
import type { KeptPlaces } from '../contract/index.js';
import type { TokenRange } from './looked-at.js';

/** As many as the engine has: native/engine.h, kept_stretches. */
const stretches = 128;

/**
 * `shares` (layers, stretches) of the first `tokens` of a prompt, as the engine tells them; `places` where each
 * document lies among them. `characters`: the length of the text of tokens [from, to). Undefined when every layer
 * read everything.
 */
export function keptPlacesOf(
  shares: Float32Array,
  tokens: number,
  places: readonly TokenRange[],
  characters: (from: number, to: number) => number,
): KeptPlaces | undefined {
  const layers = Array.from({ length: shares.length / stretches }, (_, layer) => ({
    layer,
    shares: [...shares.subarray(layer * stretches, (layer + 1) * stretches)].map(rounded),
  })).filter(({ shares: some }) => some.some((share) => share < 1));
  if (layers.length === 0 || places.length === 0) return undefined;
  let document = 0;
  let from = places[0]!.start;
  let at = 0;
  const begin = (stretch: number) => {
    const position = Math.ceil((stretch * tokens) / stretches);
    while (document < places.length - 1 && position >= places[document]!.end) {
      document++;
      from = places[document]!.start;
      at = 0;
    }
    const to = Math.min(position, places[document]!.end);
    if (to > from) {
      at += characters(from, to);
      from = to;
    }
    return { document, at };
  };
  return { layers, stretches: Array.from({ length: stretches }, (_, stretch) => begin(stretch)) };
}

const rounded = (share: number) => Math.round(share * 1000) / 1000;
