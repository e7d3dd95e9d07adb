// The names of places that the app gives itself ("Page 12"), in another language. Headings stay as they are.

export interface AnchorNames {
  page: (name: string) => string;
  line: (name: string) => string;
  lines: (name: string) => string;
  part: (name: string) => string;
  /** A place too long for one piece, from its second piece on. */
  partOf: (label: string, part: string) => string;
  /** Before the first heading. */
  beginning: string;
}

export function nameOfAnchor(label: string, names: AnchorNames | null): string {
  if (!names) return label;
  const piece = /^(.*) \(part (\d+)\)$/.exec(label);
  if (piece) return names.partOf(nameOfAnchor(piece[1]!, names), piece[2]!);
  if (label === 'Beginning') return names.beginning;
  const [, kind, name] = /^(Page|Line|Lines|Part) (\S+)$/.exec(label) ?? [];
  switch (kind) {
    case 'Page':
      return names.page(name!);
    case 'Line':
      return names.line(name!);
    case 'Lines':
      return names.lines(name!);
    case 'Part':
      return names.part(name!);
    default:
      return label;
  }
}
