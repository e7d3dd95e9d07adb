// EPUB: container.xml names the package file, its spine the chapters in order, its table of contents what they
// are called.
import path from 'node:path/posix';
import { FailureError, type ParsedDocument } from '../../contract/index.js';
import { DocumentText } from './document-text.js';
import { decodeText } from './encoding.js';
import { htmlBlocks } from './html.js';
import { chooseTitle } from './title.js';
import { xmlTags, xmlText, type XmlTag } from './xml.js';
import { damagedPackage, type Package } from './zip.js';

interface Item {
  href: string; // full name in the package
  type: string;
  properties: string;
}

/** Labels by file, then by fragment; '' is the file's beginning. */
type Contents = Map<string, Map<string, string>>;

export async function parseEpub(
  book: Package,
  onProgress: (fraction: number) => void,
): Promise<ParsedDocument> {
  const { fileName } = book;
  await refuseProtected(book);
  const opfName = xmlTagsOf(await readText(book, 'META-INF/container.xml')).find(
    (tag) => tag.name === 'rootfile',
  )?.attributes['full-path'];
  if (!opfName) throw damagedPackage(fileName);
  const opf = xmlTagsOf(await readText(book, opfName));
  const items = manifest(opf, path.dirname(opfName));
  const contents = await tableOfContents(book, items, opf);
  const spine = opf.filter((tag) => tag.name === 'itemref' && !tag.closing);
  const text = new DocumentText(fileName);
  const warnings: string[] = [];
  for (const [i, { attributes }] of spine.entries()) {
    const item = items.get(attributes['idref'] ?? '');
    if (item && /html|xml|oeb1/.test(item.type) && !/\bnav\b/.test(item.properties)) {
      const missing = await addChapter(book, item.href, contents.get(item.href), text);
      if (missing)
        warnings.push(`A chapter is missing from the file: ${path.basename(item.href)}.`);
    }
    onProgress((i + 1) / spine.length);
  }
  const title = chooseTitle([xmlText(opf, 'title'), text.firstHeading], fileName);
  return { kind: 'epub', title, ...text.finish(), warnings };
}

async function addChapter(
  book: Package,
  href: string,
  labels: Map<string, string> | undefined,
  text: DocumentText,
): Promise<boolean> {
  const source = await readText(book, href);
  if (source === undefined) return true;
  const atStart = labels?.get('');
  if (atStart) text.openSection(atStart);
  for (const block of htmlBlocks(asHtml(source)).blocks) {
    const label = block.ids.map((id) => labels?.get(id)).find((each) => each !== undefined);
    if (label !== undefined) text.openSection(label);
    text.add(block);
  }
  return false;
}

/** XHTML may close any element in its own tag; an HTML parser would leave it open to the end of the file. */
export function asHtml(xhtml: string): string {
  return xhtml
    .replace(/^\s*<\?xml[^>]*\?>/, '')
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, '$1')
    .replace(
      /<(?!(?:br|hr|img|input|meta|link|col|wbr|area|base|embed|source|track)\b)([a-z][\w:.-]*)((?:[^<>"']|"[^"]*"|'[^']*')*?)\/>/gi,
      '<$1$2></$1>',
    );
}

async function readText(book: Package, name: string): Promise<string | undefined> {
  const bytes = await book.read(name);
  return bytes && decodeText(bytes, book.fileName).text;
}

const xmlTagsOf = (source: string | undefined): XmlTag[] => (source ? xmlTags(source) : []);

/** A link in a file of the package, as a full name and a fragment. */
function target(folder: string, href: string): [string, string] {
  const [file = '', fragment = ''] = href.split('#', 2);
  let name = file;
  try {
    name = decodeURIComponent(file);
  } catch {
    // A stray percent sign: the name is meant as it stands.
  }
  return [path.normalize(path.join(folder, name)), fragment];
}

function manifest(opf: XmlTag[], folder: string): Map<string, Item> {
  const items = new Map<string, Item>();
  for (const { name, closing, attributes } of opf) {
    if (name !== 'item' || closing) continue;
    const [href] = target(folder, attributes['href'] ?? '');
    const type = attributes['media-type'] ?? '';
    items.set(attributes['id'] ?? '', { href, type, properties: attributes['properties'] ?? '' });
  }
  return items;
}

/** The navigation document of EPUB 3, else the NCX of EPUB 2. */
async function tableOfContents(
  book: Package,
  items: Map<string, Item>,
  opf: XmlTag[],
): Promise<Contents> {
  const nav = [...items.values()].find((item) => /\bnav\b/.test(item.properties));
  const ncxId = opf.find((tag) => tag.name === 'spine')?.attributes['toc'];
  const ncx = items.get(ncxId ?? '') ?? [...items.values()].find((item) => /ncx/.test(item.type));
  for (const file of [nav, ncx]) {
    const source = file && (await readText(book, file.href));
    if (!source) continue;
    const links = file === nav ? navLinks(source) : ncxLinks(source);
    const contents: Contents = new Map();
    for (const { href, label } of links) {
      const [name, fragment] = target(path.dirname(file.href), href);
      const labels = contents.get(name) ?? new Map<string, string>();
      contents.set(name, labels);
      // The first entry of a file names the file's beginning as well.
      if (labels.size === 0) labels.set('', label);
      if (fragment && labels.get('') !== label) labels.set(fragment, label);
    }
    if (contents.size > 0) return contents;
  }
  return new Map();
}

function navLinks(source: string): { href: string; label: string }[] {
  // Only the list of contents: a navigation document may also list pages and landmarks.
  const navs = source.match(/<nav\b[\s\S]*?<\/nav>/gi) ?? [];
  const toc = navs.find((nav) => /type\s*=\s*["'][^"']*\btoc\b/i.test(nav)) ?? navs[0] ?? '';
  const links: { href: string; label: string }[] = [];
  let open: { href: string; label: string } | undefined;
  for (const tag of xmlTags(toc)) {
    if (tag.name === 'a' && !tag.closing) open = { href: tag.attributes['href'] ?? '', label: '' };
    if (open && !(tag.name === 'a' && tag.closing)) open.label += tag.text;
    if (tag.name === 'a' && tag.closing && open) {
      if (open.label.trim()) links.push({ ...open, label: open.label.trim() });
      open = undefined;
    }
  }
  return links;
}

function ncxLinks(source: string): { href: string; label: string }[] {
  const links: { href: string; label: string }[] = [];
  let label = '';
  let inMap = false;
  for (const tag of xmlTags(source)) {
    if (tag.name === 'navMap') inMap = !tag.closing;
    if (!inMap || tag.closing) continue;
    if (tag.name === 'text') label = tag.text.trim();
    if (tag.name === 'content' && label) links.push({ href: tag.attributes['src'] ?? '', label });
  }
  return links;
}

const fontObfuscation = /idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc#RC/;

/** Obfuscated fonts are no protection; anything else encrypted is. */
async function refuseProtected(book: Package): Promise<void> {
  const encryption = xmlTagsOf(await readText(book, 'META-INF/encryption.xml'));
  const methods = encryption.filter((tag) => tag.name === 'EncryptionMethod' && !tag.closing);
  const locked = methods.some((tag) => !fontObfuscation.test(tag.attributes['Algorithm'] ?? ''));
  if (!locked && !book.has('META-INF/license.lcpl')) return;
  throw new FailureError(
    'document_encrypted',
    `“${book.fileName}” is copy-protected (DRM), so its text cannot be read.`,
    'Only the shop’s own reader can open it. Import a copy without protection if you have one.',
  );
}
