// From attention over tokens to the few stretches a model looked at. Pure arithmetic, no tokens and no text.

/** Half-open, in tokens. */
export interface TokenRange {
  start: number;
  end: number;
}

export interface LookedAt extends TokenRange {
  /** Mean attention of the heads to this stretch, 0 to 1. */
  share: number;
}

/** About a sentence. */
const windowTokens = 24;
/** Left out at the beginning of a prompt: attention that goes nowhere in particular rests there. */
const sinkTokens = 8;
const mostStretches = 3;
/** A stretch with less of the heads' attention was only brushed. */
const leastShare = 0.03;
/** A stretch is cut down to what holds this part of its attention. */
const coreShare = 0.9;

/**
 * `attention` (heads, positions) as the engine tells it; stretches lie within `documents`, the most looked at
 * first.
 */
export function lookedAt(
  attention: Float32Array,
  positions: number,
  documents: readonly TokenRange[],
): LookedAt[] {
  const heads = positions > 0 ? Math.floor(attention.length / positions) : 0;
  if (heads === 0) return [];
  const mean = meanOverHeads(attention, heads, positions);
  const found: LookedAt[] = [];
  while (found.length < mostStretches) {
    const best = strongest(mean, documents);
    if (!best || best.share < leastShare) break;
    found.push(best);
    const from = Math.max(0, best.start - windowTokens);
    mean.fill(0, from, Math.min(positions, best.end + windowTokens));
  }
  return found;
}

function meanOverHeads(attention: Float32Array, heads: number, positions: number): Float64Array {
  const mean = new Float64Array(positions);
  for (let head = 0; head < heads; head++) {
    for (let at = sinkTokens; at < positions; at++) {
      mean[at]! += (attention[head * positions + at] ?? 0) / heads;
    }
  }
  return mean;
}

function strongest(mean: Float64Array, documents: readonly TokenRange[]): LookedAt | undefined {
  let best: LookedAt | undefined;
  for (const { start, end } of documents) {
    let sum = 0;
    for (let at = start; at < Math.min(end, mean.length); at++) {
      sum += mean[at] ?? 0;
      const first = at - windowTokens;
      if (first >= start) sum -= mean[first] ?? 0;
      if (!best || sum > best.share)
        best = { start: Math.max(start, first + 1), end: at + 1, share: sum };
    }
  }
  return best && core(mean, best);
}

/** Gives up the weaker end until what is left holds just enough. */
function core(mean: Float64Array, whole: LookedAt): LookedAt {
  let { start, end, share } = whole;
  while (end - start > 1) {
    const first = mean[start] ?? 0;
    const last = mean[end - 1] ?? 0;
    const weaker = Math.min(first, last);
    if (share - weaker < whole.share * coreShare) break;
    share -= weaker;
    if (first <= last) start++;
    else end--;
  }
  return { start, end, share };
}
