// The form every document's text has: LF line ends, NFC, no invisible characters that split words for a
// tokenizer. Nothing a reader could see is removed.

const lineEnds = /\r\n?|[\u0085\u2028\u2029\v\f]/g;
// Soft hyphen, zero-width space, word joiner, byte order mark: they carry no meaning in running text.
// Zero-width joiners stay: Persian, Indic scripts and emoji need them.
const invisible = /[\u00AD\u200B\u2060\uFEFF]/g;

const controls = /[\u0000-\u0008\u000E-\u001F\u007F]/g;

export function normaliseText(raw: string): string {
  return raw
    .replace(lineEnds, '\n')
    .replace(invisible, '')
    .replace(controls, '')
    .toWellFormed()
    .normalize('NFC');
}

/** One line for a title or an anchor's label, cut at a word when long. */
export function oneLine(raw: string, maxCharacters = 120): string {
  const line = normaliseText(raw).replace(/\s+/g, ' ').trim();
  if (line.length <= maxCharacters) return line;
  const cut = line.slice(0, maxCharacters - 1).toWellFormed();
  const lastSpace = cut.lastIndexOf(' ');
  return `${(lastSpace > maxCharacters / 2 ? cut.slice(0, lastSpace) : cut).trimEnd()}…`;
}
