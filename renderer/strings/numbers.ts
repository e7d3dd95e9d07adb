// Numbers in sentences, where languages differ in a word or two.

/** To the two digits that an estimate deserves. */
export function rounded(n: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, n))) - 1);
  return Math.round(n / unit) * unit;
}

/** 0-based [3, 4, 5, 7] as "4 to 6 and 8". */
export function layerList(layers: readonly number[], words: { to: string; and: string }): string {
  const runs: string[] = [];
  for (let at = 0; at < layers.length;) {
    let end = at;
    while (layers[end + 1] === layers[end]! + 1) end++;
    const [first, last] = [layers[at]! + 1, layers[end]! + 1];
    const between = end === at + 1 ? words.and : words.to;
    runs.push(first === last ? `${first}` : `${first} ${between} ${last}`);
    at = end + 1;
  }
  const last = runs.pop() ?? '';
  return runs.length > 0 ? `${runs.join(', ')} ${words.and} ${last}` : last;
}
