// Facts that no document holds, to be planted into one and asked for: whether they come back is how a
// calibration measures accuracy. The same on every run.

export interface PlantedFact {
  sentence: string;
  question: string;
  value: string;
}

const qualities = 'gilded,hollow,northern,silent,crimson,crooked,amber,forgotten'.split(',');
const things = 'ferry,lantern,orchard,windmill,harbour,library,viaduct,observatory'.split(',');
const attributes = 'access code,serial number,catalogue number,postal code,locker number'.split(
  ',',
);

/** At most 320, no two about the same thing. */
export function plantedFacts(many: number): PlantedFact[] {
  const most = qualities.length * things.length * attributes.length;
  return Array.from({ length: Math.min(many, most) }, (_, i) => {
    // Neighbours differ in every word; among 64 no quality and thing come together twice, and when they do
    // again, it is with another attribute.
    const quality = qualities[(i * 3 + Math.floor(i / 8)) % qualities.length] ?? '';
    const thing = things[i % things.length] ?? '';
    const attribute = attributes[i % attributes.length] ?? '';
    const value = String(10_000 + ((i * 38_113 + 48_213) % 89_989));
    const subject = `${attribute} of the ${quality} ${thing}`;
    return {
      sentence: `The ${subject} is ${value}.`,
      question: `What is the ${subject}?`,
      value,
    };
  });
}

/** Each fact as a sentence of its own, at even distances through the text. */
export function plant(text: string, facts: readonly PlantedFact[]): string {
  const pieces: string[] = [];
  let from = 0;
  facts.forEach(({ sentence }, i) => {
    const wanted = Math.floor((text.length * (i + 0.5)) / facts.length);
    const end = text.indexOf('. ', Math.max(from, wanted));
    const at = end < 0 ? text.length : end + 2;
    pieces.push(text.slice(from, at), end < 0 ? ` ${sentence}` : `${sentence} `);
    from = at;
  });
  return pieces.join('') + text.slice(from);
}
