// Exports of the conversation on screen: as a download, or to the printer, which makes PDFs.
import type { Anchor, Bridge, Conversation, Evidence } from '../../main/contract/index.js';
import {
  collect,
  fileName,
  toMarkdown,
  type ExportedConversation,
  type Sources,
} from './conversation.js';
import { toHtml } from './html.js';

export type ExportFormat = 'markdown' | 'html' | 'pdf';

export async function exportConversation(
  bridge: Bridge,
  conversation: Conversation,
  titleOf: Sources['titleOf'],
  format: ExportFormat,
): Promise<void> {
  const collected = await collect(conversation, { titleOf, textOf: textsOver(bridge) });
  if (format === 'markdown') download(toMarkdown(collected), 'text/markdown', collected, 'md');
  else if (format === 'html') download(toHtml(collected), 'text/html', collected, 'html');
  else await print(toHtml(collected));
}

/** The words at a place; '' when the document is gone. */
function textsOver(bridge: Bridge): (place: Evidence) => Promise<string> {
  const known = new Map<string, Promise<readonly Anchor[]>>();
  return async ({ documentId, start, end }) => {
    const load = () => bridge.call('documents.get', { documentId }).then(({ anchors }) => anchors);
    try {
      const anchors = await (known.get(documentId) ?? load());
      known.set(documentId, Promise.resolve(anchors));
      const from = anchors.findIndex((each) => start < each.end);
      const to = anchors.findIndex((each) => end <= each.end) + 1;
      const texts = await bridge.call('documents.text', { documentId, from, to });
      const offset = anchors[from]?.start ?? 0;
      return texts.join('').slice(start - offset, end - offset);
    } catch {
      return '';
    }
  };
}

function download(
  text: string,
  type: string,
  { title }: ExportedConversation,
  ending: string,
): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName(title, ending);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** In a frame of its own, so that only the conversation is on the paper. */
async function print(html: string): Promise<void> {
  const page = new DOMParser().parseFromString(html, 'text/html');
  const sheet = document.createElement('div');
  sheet.className = 'printed';
  sheet.append(...page.body.childNodes);
  document.body.append(sheet);
  document.documentElement.classList.add('printing');
  // Layout first: the dialog takes the page as it is.
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.print();
  document.documentElement.classList.remove('printing');
  sheet.remove();
}
