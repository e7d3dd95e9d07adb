// What a prompt says, as chat messages made of pieces. Pure; knows no template and no tokens.
import type { Prompt } from '../contract/index.js';

export type Role = 'system' | 'user' | 'assistant';

/** A stretch of text that came from a document, the user, the model, or Longleaf itself ('heading'). */
export interface Piece {
  kind: 'document' | 'heading' | 'history' | 'question';
  text: string;
  /** Of a document: its place in the prompt, and its id. */
  index?: number;
  id?: string;
}

export interface Message {
  role: Role;
  pieces: Piece[];
}

const instruction =
  'You answer questions about the documents below. Read them completely. Answer from them only, ' +
  'and quote the sentences your answer rests on word for word, in quotation marks. If the documents ' +
  'do not say it, say that you did not find it.';

/** The documents-only prompt has an empty question: the caller cuts it after the last document. */
export function messagesOf(prompt: Prompt): Message[] {
  const messages: Message[] = [];
  if (prompt.documents.length > 0)
    messages.push({ role: 'system', pieces: documentPieces(prompt) });
  for (const { question, answer } of prompt.turns) {
    messages.push({ role: 'user', pieces: [{ kind: 'history', text: question }] });
    messages.push({ role: 'assistant', pieces: [{ kind: 'history', text: answer }] });
  }
  messages.push({ role: 'user', pieces: [{ kind: 'question', text: prompt.question ?? '' }] });
  return messages;
}

function documentPieces({ style, documents }: Prompt): Piece[] {
  const heading = (text: string): Piece => ({ kind: 'heading', text });
  const body = ({ id, text }: Prompt['documents'][number], index: number): Piece => ({
    kind: 'document',
    text,
    index,
    id,
  });
  const pieces: Piece[] = style === 'instructed' ? [heading(`${instruction}\n\n`)] : [];
  documents.forEach((document, index) => {
    const gap = index > 0 ? '\n\n' : '';
    // The first of a bare prompt never has one, so that what was read of it alone is the beginning of more.
    const titled = style === 'instructed' || index > 0;
    if (titled) {
      pieces.push(heading(`${gap}# Document ${index + 1}: ${oneLine(document.title)}\n\n`));
    }
    pieces.push(body(document, index));
  });
  return pieces;
}

/** A title is the user's text: it must not look like more than a title. */
function oneLine(title: string): string {
  return title.replace(/\s+/g, ' ').trim().slice(0, 200) || 'untitled';
}

/** For templates without a system role: what the system would say begins the first question. */
export function withoutSystem(messages: readonly Message[]): Message[] {
  const [system, first, ...rest] = messages;
  if (system?.role !== 'system' || !first) return [...messages];
  const gap: Piece = { kind: 'heading', text: '\n\n' };
  return [{ role: 'user', pieces: [...system.pieces, gap, ...first.pieces] }, ...rest];
}
