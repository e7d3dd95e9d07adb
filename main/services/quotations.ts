// The stretches of an answer that may be word for word from a document: what stands between quotation marks or
// in a Markdown block quote, and whole sentences.

export interface Quotation {
  /** Half-open range in the answer, marks excluded. */
  start: number;
  end: number;
  /** Marked as a quotation by the answer itself. */
  marked: boolean;
}

// A straight mark opens after a space or bracket and closes before one; an apostrophe does neither.
const opens = String.raw`(?<![\p{L}\p{N}])`;
const closes = String.raw`(?![\p{L}\p{N}])`;
const patterns = [
  /“([^“”]+)”/gu,
  /„([^„“”]+)[“”]/gu,
  /«([^«»]+)»/gu,
  /»([^«»]+)«/gu,
  /‹([^‹›]+)›/gu,
  /「([^「」]+)」/gu,
  /『([^『』]+)』/gu,
  new RegExp(`${opens}"(?!\\s)([^"]+)(?<!\\s)"${closes}`, 'gu'),
  new RegExp(`${opens}‘([^‘]+?)(?<!\\s)’${closes}`, 'gu'),
  new RegExp(`${opens}'(?!\\s)([^\\n]+?)(?<!\\s)'${closes}`, 'gu'),
  /^[ \t]*>[ \t]*([^\n]+)$/gmu,
];

/** Marked quotations, longest first where they nest; a quotation with an ellipsis gives its parts. */
export function markedQuotations(answer: string): Quotation[] {
  const found: Quotation[] = [];
  for (const pattern of patterns) {
    for (const match of answer.matchAll(pattern)) {
      const inner = match[1] ?? '';
      const start = match.index + match[0].indexOf(inner, pattern.source.startsWith('^') ? 0 : 1);
      found.push(...parts(answer, start, start + inner.length));
    }
  }
  return found.sort((one, other) => one.start - other.start || other.end - one.end);
}

function parts(answer: string, start: number, end: number): Quotation[] {
  const result: Quotation[] = [];
  let from = start;
  for (const gap of answer.slice(start, end).matchAll(/[[(]?(?:\.{3,}|…|\. \. \.)[\])]?/g)) {
    result.push({ start: from, end: start + gap.index, marked: true });
    from = start + gap.index + gap[0].length;
  }
  result.push({ start: from, end, marked: true });
  return result;
}

/** Sentences and lines of the answer. */
export function sentences(answer: string): Quotation[] {
  const pattern =
    /[^\s.!?。！？][^\n.!?。！？]*(?:[.!?](?=[\p{L}\p{N}])[^\n.!?。！？]*)*[.!?。！？]*/gu;
  return [...answer.matchAll(pattern)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    marked: false,
  }));
}
