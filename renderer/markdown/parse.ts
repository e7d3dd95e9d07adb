// Markdown to HTML with raw HTML switched off. No images at all: a local app that fetches what an answer
// names would tell the world what is being read.
import MarkdownIt from 'markdown-it';
import { highlighted } from './highlight.js';

export const markdown = new MarkdownIt({
  html: false,
  linkify: false,
  typographer: true,
  highlight: (code, language) => highlighted(code, language),
});

markdown.disable('image');
markdown.validateLink = (url) => /^(https?|mailto):/i.test(url.trim());

/** The page's policy forbids style attributes, which is how Markdown's tables would align their columns. */
markdown.core.ruler.push('align_by_class', ({ tokens }) => {
  for (const token of tokens) {
    const align = /^text-align:(\w+)$/.exec(String(token.attrGet('style')))?.[1];
    if (!align) continue;
    token.attrs = null;
    token.attrSet('class', `align-${align}`);
  }
});

export type Markdown = typeof markdown;
