// A prompt as stretches of text that know where they came from. Only the template's own text is `special`.
import type { Segment } from '../../native/addon/index.js';
import type { Prompt } from '../contract/index.js';
import { messagesOf, type Piece } from './prompt.js';
import type { ChatTemplate } from './template.js';

export interface PromptSegment extends Segment {
  kind: 'template' | Piece['kind'];
  /** Of a document: its place in the prompt, and its id. */
  index?: number;
  id?: string;
}

export interface PromptSegments {
  all: PromptSegment[];
  /** How many of them, from the start, read the documents; 0: there are none. */
  documents: number;
}

/**
 * Without a question, `all` ends with the last document. Segments are tokenised one by one, so the tokens of
 * the documents are the same whatever follows them: reading first and asking later is a true prefix.
 */
export async function segmentsOf(prompt: Prompt, template: ChatTemplate): Promise<PromptSegments> {
  const { messages, shape } = await template.lay(messagesOf(prompt));
  const all: PromptSegment[] = [];
  for (const part of shape) {
    if (typeof part === 'string') {
      if (part !== '') all.push({ kind: 'template', text: part, special: true });
      continue;
    }
    for (const piece of messages[part]?.pieces ?? []) all.push({ ...piece, special: false });
  }
  const documents = all.findLastIndex(({ kind }) => kind === 'document') + 1;
  const asked = prompt.question !== undefined || documents === 0;
  return { all: asked ? all : all.slice(0, documents), documents };
}
