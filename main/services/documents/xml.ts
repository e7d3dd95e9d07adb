// Reads the small XML files of EPUB and DOCX packages: tags, attributes and text in order, no tree, no
// external entities. Names lose their namespace prefix.

export interface XmlTag {
  name: string;
  attributes: Record<string, string>;
  /** Text from here to the next tag, entities decoded. */
  text: string;
  closing: boolean;
}

const tagPattern = /<(\/?)([\w:.-]+)((?:[^<>"']|"[^"]*"|'[^']*')*)>([^<]*)/g;
const attributePattern = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return named[name as string] ?? whole;
    const code = hex ? parseInt(hex as string, 16) : parseInt(decimal as string, 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
  });
}

const localName = (name: string) => name.slice(name.indexOf(':') + 1);

export function xmlTags(source: string): XmlTag[] {
  const bare = source
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, data: string) =>
      data.replace(/&/g, '&amp;').replace(/</g, '&lt;'),
    );
  return [...bare.matchAll(tagPattern)].map(([, slash, name, attributes, text]) => ({
    name: localName(name ?? ''),
    attributes: Object.fromEntries(
      [...(attributes ?? '').matchAll(attributePattern)].map((each) => [
        localName(each[1] ?? ''),
        decodeEntities(each[2] ?? each[3] ?? ''),
      ]),
    ),
    text: decodeEntities(text ?? ''),
    closing: slash === '/',
  }));
}

/** Text of the first element of that name. */
export function xmlText(tags: XmlTag[], name: string): string | undefined {
  const found = tags.find((each) => each.name === name && !each.closing);
  return found?.text.trim() || undefined;
}
