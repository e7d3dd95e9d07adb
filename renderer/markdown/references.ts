// Numbered references inside an answer. Marks from the private-use area are put into the Markdown source at the
// ends of each quotation; they pass through the renderer as ordinary characters and are turned into elements
// afterwards, so a reference can stand anywhere Markdown allows text.

export interface Reference {
  number: number;
  /** Half-open range in the answer. */
  start: number;
  end: number;
  label: string;
}

const open = '\uE000';
const close = '\uE001';
const digitZero = 0xe010;
const ours = /[\uE000-\uE019]/g;

const digits = (value: number): string =>
  String(value).replace(/\d/g, (digit) => String.fromCharCode(digitZero + Number(digit)));

export const undigits = (marks: string): number =>
  Number([...marks].map((mark) => mark.charCodeAt(0) - digitZero).join(''));

/** Opening mark, then the number; closing mark, then the number. */
export const markPattern = /([\uE000\uE001])([\uE010-\uE019]+)/;

/** A model could write our marks itself: they lose their meaning but keep their place. */
export const withoutMarks = (text: string): string => text.replace(ours, '\uFFFD');

/** `source` begins at `offset` in the answer. */
export function insertMarks(
  source: string,
  offset: number,
  references: readonly Reference[],
): string {
  const inserts: { at: number; text: string; order: number }[] = [];
  for (const { number, ...range } of references) {
    const { start, end } = withoutQuotationMarks(range, offset, source);
    if (end <= offset || end > offset + source.length) continue;
    if (start >= offset)
      inserts.push({ at: start - offset, text: open + digits(number), order: 1 });
    inserts.push({ at: end - offset, text: close + digits(number), order: 0 });
  }
  inserts.sort((a, b) => a.at - b.at || a.order - b.order);
  let result = '';
  let done = 0;
  for (const { at, text } of inserts) {
    result += withoutMarks(source.slice(done, at)) + text;
    done = at;
  }
  return result + withoutMarks(source.slice(done));
}

const isQuotationMark = (character: string | undefined): boolean =>
  character !== undefined && /["'“”‘’«»]/.test(character);

/** Marks stand inside quotation marks, so that the typographer still sees which way those face. */
function withoutQuotationMarks(
  range: { start: number; end: number },
  offset: number,
  source: string,
): { start: number; end: number } {
  let { start, end } = range;
  while (end - start > 1 && isQuotationMark(source[start - offset])) start += 1;
  while (end - start > 1 && isQuotationMark(source[end - 1 - offset])) end -= 1;
  return { start, end };
}

/** Replaces the marks in sanitised content by elements. Runs after sanitising, so what it adds is ours alone. */
export function placeReferences(root: DocumentFragment, labelOf: (number: number) => string): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (const text of texts) {
    if (markPattern.test(text.data)) text.replaceWith(elementsOf(text.data, labelOf));
  }
}

function elementsOf(data: string, labelOf: (number: number) => string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let quotation: HTMLElement | null = null;
  let rest = data;
  const append = (value: string) => value && (quotation ?? fragment).append(value);
  for (let match = markPattern.exec(rest); match; match = markPattern.exec(rest)) {
    append(rest.slice(0, match.index));
    rest = rest.slice(match.index + match[0].length);
    const number = undigits(match[2]!);
    if (match[1] === open) {
      if (quotation) fragment.append(quotation);
      quotation = closesHere(rest, number) ? quotationElement() : null;
      continue;
    }
    if (quotation) fragment.append(quotation);
    quotation = null;
    const [quotationMarks] = /^["'”’»]*/.exec(rest)!;
    rest = rest.slice(quotationMarks.length);
    // A word joiner keeps the number on the line of what it refers to.
    fragment.append(quotationMarks, '\u2060', referenceElement(number, labelOf(number)));
  }
  append(rest);
  return fragment;
}

/** A quotation that runs across other elements is not marked, only referenced. */
const closesHere = (rest: string, number: number): boolean => rest.includes(close + digits(number));

function quotationElement(): HTMLElement {
  const element = document.createElement('mark');
  element.className = 'quoted';
  return element;
}

function referenceElement(number: number, label: string): HTMLElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'reference';
  element.dataset.reference = String(number);
  element.textContent = String(number);
  element.setAttribute('aria-label', label);
  element.title = label;
  return element;
}
