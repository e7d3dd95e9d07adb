// From Markdown of a model, which may be anything, to nodes safe to show.
import DOMPurify from 'dompurify';
import { markdown } from './parse.js';
import { insertMarks, placeReferences, type Reference } from './references.js';

const allowedTags = [
  ...['p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'ul', 'ol', 'li'],
  ...['strong', 'em', 's', 'code', 'pre', 'span', 'a'],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
];

// Once for all: taken apart anew for every block, it costs as much as the sanitising.
if (DOMPurify.isSupported)
  DOMPurify.setConfig({
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: ['href', 'class', 'start'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(https?|mailto):/i,
    RETURN_DOM_FRAGMENT: true,
  });

export function renderBlock(
  source: string,
  offset: number,
  references: readonly Reference[],
): DocumentFragment {
  const html = markdown.render(insertMarks(source, offset, references));
  const fragment = DOMPurify.sanitize(html, { RETURN_DOM_FRAGMENT: true });
  for (const link of fragment.querySelectorAll('a')) link.rel = 'noopener noreferrer nofollow';
  const labels = new Map(references.map(({ number, label }) => [number, label]));
  placeReferences(fragment, (number) => labels.get(number) ?? String(number));
  return fragment;
}
