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

export type Markdown = typeof markdown;
