// Which of the things measured say most about a text and a level that were not.

/** The most like in length; of equals the first. */
export function nearest<T extends { tokens: number }>(
  measured: readonly T[],
  tokens: number,
): T | undefined {
  const distance = (each: T) => Math.abs(Math.log(each.tokens / Math.max(1, tokens)));
  return measured.reduce<T | undefined>(
    (best, each) => (best && distance(best) <= distance(each) ? best : each),
    undefined,
  );
}

/** The measured levels (ascending) around one; `share` of the way from the lower to the upper. */
export function neighbours<T extends { level: number }>(levels: readonly T[], level: number) {
  const upper = levels.find((each) => each.level >= level) ?? levels.at(-1);
  const lower = levels.findLast((each) => each.level <= level) ?? upper;
  if (!upper || !lower) return undefined;
  const span = upper.level - lower.level;
  return { lower, upper, share: span > 0 ? (level - lower.level) / span : 0 };
}

export const mix = (from: number, to: number, share: number) => from + share * (to - from);
