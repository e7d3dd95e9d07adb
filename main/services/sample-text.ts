// Text to measure speed with: plain sentences of common words, never the same twice, the same on every run.

const subjects = 'The ferryman,A merchant,The old captain,My neighbour,The miller,Her sister'.split(
  ',',
);
const verbs = 'carried,counted,remembered,sold,repaired,watched,described'.split(',');
const objects =
  'the nets,seven barrels of salt,a letter,the lanterns,his boat,the empty house'.split(',');
const places =
  'by the river,at the market,before dawn,in the long winter,near the lower mill,on the far bank'.split(
    ',',
  );

export const sampleName = 'text made up for measuring';

export function sampleText(seed: number, characters: number): string {
  let state = seed;
  const pick = (words: readonly string[]) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return words[Math.floor((state / 2 ** 32) * words.length)];
  };
  const pieces = [`Register ${seed}.`];
  let length = 0;
  for (let i = 1; length < characters; i += 1) {
    const sentence = `${pick(subjects)} ${pick(verbs)} ${pick(objects)} ${pick(places)}, and noted it as entry ${i}.`;
    pieces.push(sentence, i % 8 === 0 ? '\n\n' : ' ');
    length += sentence.length + 1;
  }
  return pieces.join('').slice(0, Math.max(characters, 1));
}
