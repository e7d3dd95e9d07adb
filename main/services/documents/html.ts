// From HTML to blocks: paragraphs, headings, list items with "- ", table rows with " | ". What a browser would
// not show (scripts, styles, hidden parts, site navigation) is skipped. The walk keeps its own stack: a page
// nested ten thousand deep must not end the process.
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5';
import type { Block } from './document-text.js';

const skipped = new Set([
  ...['script', 'style', 'template', 'head', 'nav', 'svg', 'iframe', 'object', 'embed', 'audio'],
  ...['video', 'canvas', 'button', 'select', 'datalist', 'dialog'],
]);

const blockElements = new Set([
  ...['address', 'article', 'aside', 'blockquote', 'body', 'caption', 'center', 'dd', 'details'],
  ...[
    'div',
    'dl',
    'dt',
    'fieldset',
    'figcaption',
    'figure',
    'footer',
    'form',
    'header',
    'hr',
    'li',
  ],
  ...[
    'main',
    'ol',
    'p',
    'pre',
    'section',
    'summary',
    'table',
    'tbody',
    'tfoot',
    'thead',
    'tr',
    'ul',
  ],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'],
]);

const headings = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);

export interface HtmlBlocks {
  title: string | undefined;
  blocks: Block[];
}

export function htmlBlocks(source: string): HtmlBlocks {
  const document = parse(source, { scriptingEnabled: false });
  const walk = new Walk();
  walk.run(document);
  return { title: walk.title, blocks: walk.blocks };
}

/** An element on the way down, or null with the element on the way up. */
interface Step {
  node: Tree.ChildNode | Tree.Document;
  leaving: boolean;
}

interface List {
  ordered: boolean;
  next: number;
}

class Walk {
  readonly blocks: Block[] = [];
  title: string | undefined;
  private text = '';
  private ids: string[] = [];
  private prefix = '';
  private preformatted = 0;
  private readonly lists: List[] = [];
  /** Cells of the table row being read; null outside data tables. */
  private row: string[] | null = null;
  private tightAfter: 'li' | 'tr' | 'dd' | null = null;

  run(root: Tree.Document): void {
    const steps: Step[] = [{ node: root, leaving: false }];
    for (let step = steps.pop(); step; step = steps.pop()) {
      const { node, leaving } = step;
      if (node.nodeName === '#text') this.addText((node as Tree.TextNode).value);
      if (!('childNodes' in node)) continue;
      if (leaving) {
        this.leave(node as Tree.Element);
        continue;
      }
      if ('tagName' in node) {
        if (node.tagName === 'head') this.title = titleOf(node);
        if (isHidden(node)) continue;
        this.enter(node);
        steps.push({ node, leaving: true });
      }
      for (let i = node.childNodes.length - 1; i >= 0; i -= 1) {
        steps.push({ node: node.childNodes[i] as Tree.ChildNode, leaving: false });
      }
    }
    this.flush();
  }

  private addText(value: string): void {
    if (this.preformatted > 0) this.text += value;
    else {
      const collapsed = value.replace(/[\t\n\f\r ]+/g, ' ');
      this.text += /\s$/.test(this.text) || this.text === '' ? collapsed.trimStart() : collapsed;
    }
  }

  private enter(element: Tree.Element): void {
    const { tagName } = element;
    if (blockElements.has(tagName)) this.flush();
    const id = attribute(element, 'id') ?? (tagName === 'a' && attribute(element, 'name'));
    if (id) this.ids.push(id);
    if (tagName === 'br') this.text += this.row ? ' ' : '\n';
    if (tagName === 'pre') this.preformatted += 1;
    if (tagName === 'ol' || tagName === 'ul') {
      const start = Number(attribute(element, 'start') ?? 1);
      this.lists.push({ ordered: tagName === 'ol', next: Number.isInteger(start) ? start : 1 });
    }
    if (tagName === 'li') this.prefix = this.bullet();
    if (tagName === 'tr' && !this.row && isDataTable(tableOf(element))) this.row = [];
    if (tagName === 'td' || tagName === 'th') this.text = this.row ? '' : `${this.text} `;
  }

  private bullet(): string {
    const list = this.lists.at(-1);
    const indent = '  '.repeat(Math.max(0, Math.min(this.lists.length, 12) - 1));
    return list?.ordered ? `${indent}${list.next++}. ` : `${indent}- `;
  }

  private leave(element: Tree.Element): void {
    const { tagName } = element;
    if (headings.has(tagName)) this.flush(true);
    if ((tagName === 'td' || tagName === 'th') && this.row) {
      this.row.push(this.text.replace(/\s+/g, ' ').trim());
      this.text = '';
    } else if (tagName === 'tr' && this.row) {
      const line = this.row.some((cell) => cell !== '') ? this.row.join(' | ') : '';
      this.row = null;
      this.text = line;
      this.flush(false, 'tr');
    } else if (tagName === 'li' || tagName === 'dd') {
      this.flush(false, tagName);
      this.prefix = '';
    } else if (blockElements.has(tagName)) this.flush();
    if (tagName === 'pre') this.preformatted -= 1;
    if (tagName === 'ol' || tagName === 'ul') this.lists.pop();
  }

  /** Ends the present block. Inside a table row there are no blocks, only cells. */
  private flush(heading = false, kind: 'li' | 'tr' | 'dd' | null = null): void {
    if (this.row) {
      if (this.text !== '' && !this.text.endsWith(' ')) this.text += ' ';
      return;
    }
    const inList = this.prefix !== '' ? 'li' : kind;
    const text = this.text
      .replace(/\u00A0/g, ' ')
      .replace(/ *\n */g, this.preformatted ? '$&' : '\n');
    this.text = '';
    if (text.trim() === '') return;
    const body = this.preformatted ? text.replace(/^\n+|\s+$/g, '') : text.trim();
    this.blocks.push({
      text: this.prefix + body,
      heading,
      tight: inList === 'dd' || (inList !== null && this.tightAfter === inList),
      ids: this.ids,
    });
    this.tightAfter = inList;
    this.ids = [];
    this.prefix = '';
  }
}

function attribute(element: Tree.Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name === name)?.value;
}

function isHidden(element: Tree.Element): boolean {
  if (skipped.has(element.tagName)) return true;
  return element.attrs.some(
    ({ name, value }) =>
      (name === 'hidden' && value !== 'until-found') ||
      (name === 'style' && /display\s*:\s*none/i.test(value)),
  );
}

function titleOf(head: Tree.Element): string | undefined {
  const title = head.childNodes.find((each) => each.nodeName === 'title');
  const text = title && 'childNodes' in title ? title.childNodes[0] : undefined;
  return text && 'value' in text ? text.value : undefined;
}

function tableOf(row: Tree.Element): Tree.Element | undefined {
  let node: Tree.ParentNode | null = row.parentNode;
  while (node && node.nodeName !== 'table') node = 'parentNode' in node ? node.parentNode : null;
  return node ?? undefined;
}

const dataTables = new WeakMap<Tree.Element, boolean>();

/** Old pages lay themselves out in tables; those hold headings, lists or further tables. */
function isDataTable(table: Tree.Element | undefined): boolean {
  if (!table) return false;
  const known = dataTables.get(table);
  if (known !== undefined) return known;
  const left: Tree.ChildNode[] = [...table.childNodes];
  let isData = true;
  for (let node = left.pop(); node && isData; node = left.pop()) {
    if (headings.has(node.nodeName) || node.nodeName === 'table') isData = false;
    if ('childNodes' in node) for (const child of node.childNodes) left.push(child);
  }
  dataTables.set(table, isData);
  return isData;
}
