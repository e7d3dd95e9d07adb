// Plain text and source code: the text is the document. Headings are found by how they stand alone; without
// any, and in code, lines are the anchors.
import type { ParsedDocument } from '../../contract/index.js';
import { lineAnchors, sectionAnchors, type Section } from './anchors.js';
import { oneLine } from './normalise.js';
import { titleFromFileName } from './title.js';

type Plain = Omit<ParsedDocument, 'warnings'>;

export function parseCode(text: string, fileName: string): Plain {
  const title = oneLine(fileName) || 'Untitled document';
  return { kind: 'code', title, text, anchorKind: 'lines', anchors: lineAnchors(text) };
}

export function parsePlain(text: string, fileName: string): Plain {
  const title = titleFromFileName(fileName);
  const sections = plainSections(text);
  return sections.length < 2
    ? { kind: 'text', title, text, anchorKind: 'lines', anchors: lineAnchors(text) }
    : {
        kind: 'text',
        title,
        text,
        anchorKind: 'section',
        anchors: sectionAnchors(text, sections, 'Beginning'),
      };
}

const number = String.raw`(?:\d{1,3}|[IVXLC]{1,8}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|the \w+)`;
const named = new RegExp(
  String.raw`^(?:(?:chapter|part|book|section|act|scene|canto|volume|appendix|letter)\s+${number}\b|` +
    String.raw`(?:prologue|epilogue|preface|foreword|introduction|conclusion|afterword|abstract|references|bibliography)\b)`,
  'i',
);
const numbered =
  /^(?:\d{1,3}(?:\.\d{1,3}){0,3}[.:)]?|[IVXLC]{1,8}[.:])\s+\p{Lu}\S*(?: \S+){0,11}$/u;
const numeral = /^(?:[IVXLC]{1,8}|\d{1,3})\.?$/;

/** Lines between empty lines that read as headings. Empty when they are too few or too many to be trusted. */
export function plainSections(text: string): Section[] {
  const sections: Section[] = [];
  let paragraphs = 0;
  // A stretch of text between empty lines, at most three short lines long when it is a heading.
  for (const found of text.matchAll(/[^\n]+(?:\n[^\n]+)*/g)) {
    const body = found[0].length > 240 ? '' : found[0];
    if (body.trim() === '') {
      paragraphs += found[0].length > 240 ? 1 : 0;
      continue;
    }
    if (isHeading(body)) sections.push({ label: oneLine(body), start: found.index });
    else paragraphs += 1;
  }
  return sections.length > paragraphs ? [] : sections;
}

function isHeading(stretch: string): boolean {
  const lines = stretch
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const first = lines[0] ?? '';
  if (lines.length > 3 || lines.some((line) => line.length > 80)) return false;
  if (/[,;]$/.test(lines.at(-1) ?? '')) return false;
  if (named.test(first)) return lines.length > 1 || first.length <= 60;
  if (lines.length > 2) return false;
  if (numeral.test(first)) return true;
  if (lines.length > 1) return false;
  return numbered.test(first) ? !/[.!?]$/.test(first) : isCapitals(first);
}

/** "THE GILDED FERRY": at least two words or six letters, all capitals, no sentence. */
function isCapitals(line: string): boolean {
  const letters = line.match(/\p{L}/gu)?.length ?? 0;
  if (letters < 6 || /\p{Ll}/u.test(line) || /[!?.…]$/.test(line)) return false;
  return /\p{Lu}/u.test(line) && letters > line.length * 0.6 && !/[|=_<>{}]/.test(line);
}
