// The same as one HTML file that stands by itself: rendered and sanitised as on screen, with a stylesheet of its
// own and nothing to fetch.
import { renderBlock } from '../markdown/render.js';
import { words } from '../strings/index.js';
import { aboutLine, placeLine, withNumbers, type ExportedConversation } from './conversation.js';

const style = `
:root { color-scheme: light dark; }
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.6 Georgia, serif; }
h1, h2, .facts, .places { font-family: system-ui, sans-serif; line-height: 1.35; }
h2 { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid #8886; font-size: 1.15rem; white-space: pre-wrap; }
.facts, .places { font-size: 0.875rem; opacity: 0.85; }
blockquote { margin-left: 0; padding-left: 1rem; border-left: 3px solid #8886; font-style: italic; }
table { border-collapse: collapse; } td, th { padding: 0.25rem 0.75rem; border: 1px solid #8886; }
pre { overflow: auto; padding: 0.75rem; border: 1px solid #8886; }
.align-right { text-align: right; } .align-center { text-align: center; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } }
`;

export function toHtml(conversation: ExportedConversation): string {
  const page = document.implementation.createHTMLDocument(conversation.title);
  page.documentElement.lang = document.documentElement.lang;
  const charset = page.createElement('meta');
  charset.setAttribute('charset', 'utf-8');
  const policy = page.createElement('meta');
  policy.setAttribute('http-equiv', 'Content-Security-Policy');
  policy.setAttribute('content', "default-src 'none'; style-src 'unsafe-inline'");
  const sheet = page.createElement('style');
  sheet.textContent = style;
  page.head.prepend(charset, policy);
  page.head.append(sheet);

  const add = (tag: string, text: string, className = '') => {
    const element = page.createElement(tag);
    element.textContent = text;
    if (className) element.className = className;
    page.body.append(element);
    return element;
  };
  add('h1', conversation.title);
  const documents = conversation.documents.join('; ');
  const made = words.export.made(conversation.date);
  add('p', documents ? `${words.export.documents}: ${documents}. ${made}` : made, 'facts');
  for (const turn of conversation.turns) {
    add('h2', turn.question);
    page.body.append(page.importNode(renderBlock(withNumbers(turn), 0, []), true));
    if (turn.about) add('p', aboutLine(turn.about), 'facts');
    if (turn.remark) add('p', turn.remark, 'facts');
    if (turn.places.length > 0) {
      const list = add('ul', '', 'places');
      for (const place of turn.places) {
        const item = page.createElement('li');
        item.textContent = placeLine(place);
        list.append(item);
      }
    }
    if (turn.model) add('p', turn.model, 'facts');
  }
  return `<!doctype html>\n${page.documentElement.outerHTML}\n`;
}
