// Full-text search over the documents' passages and over questions and answers.
import type { SearchHits } from '../../contract/index.js';
import type { Db } from './open.js';

/** Around what was found; letters of the private-use area, which no text of ours carries. */
const open = '\uE000';
const close = '\uE001';
const mostHits = 40;
const snippetWords = 18;

interface PassageHit {
  document_id: string;
  label: string;
  start: number;
  text: string;
  snippet: string;
}

interface TurnHit {
  turn_id: string;
  conversation_id: string;
  question: string;
  answer: string;
}

export class SearchStore {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  find(query: string): SearchHits {
    const match = matchOf(query);
    if (match === null) return { documents: [], turns: [] };
    const passages = this.#db
      .prepare(
        `SELECT p.document_id, p.label, p.start, p.text,
           snippet(passages_index, 0, '${open}', '${close}', '', ${snippetWords}) AS snippet
         FROM passages_index JOIN passages p ON p.number = passages_index.rowid
         WHERE passages_index MATCH ? ORDER BY rank LIMIT ${mostHits}`,
      )
      .all(match) as PassageHit[];
    const turns = this.#db
      .prepare(
        `SELECT t.id AS turn_id, t.conversation_id,
           snippet(turns_index, 0, '${open}', '${close}', '', ${snippetWords}) AS question,
           snippet(turns_index, 1, '${open}', '${close}', '', ${snippetWords}) AS answer
         FROM turns_index JOIN turns t ON t.number = turns_index.rowid
         WHERE turns_index MATCH ? ORDER BY rank LIMIT ${mostHits}`,
      )
      .all(match) as TurnHit[];
    return { documents: passages.map(toPlace), turns: turns.map(toTurn) };
  }
}

/**
 * What a reader types, as FTS5 wants it: every word must be there, the last one may be unfinished, and words
 * between quotation marks stand together. Null: nothing to look for.
 */
export function matchOf(query: string): string | null {
  const parts = [...query.matchAll(/["“”„]([^"“”„]*)["“”]?|(\S+)/g)]
    .map(([, phrase, word]) => ({ text: phrase ?? word ?? '', whole: phrase !== undefined }))
    .filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
  if (parts.length === 0) return null;
  return parts
    .map(({ text, whole }, at) => {
      const unfinished = !whole && at === parts.length - 1 && !/\s$/.test(query);
      return `"${text.replaceAll('"', '')}"${unfinished ? '*' : ''}`;
    })
    .join(' AND ');
}

const plain = (snippet: string) => snippet.replaceAll(open, '').replaceAll(close, '');

function toPlace({ document_id, label, start, text, snippet }: PassageHit) {
  const found = /\uE000([^\uE001]*)\uE001/.exec(snippet);
  const at = text.indexOf(plain(snippet)) + (found?.index ?? 0);
  const length = found?.[1]?.length ?? 0;
  return {
    documentId: document_id,
    anchorLabel: label,
    start: start + Math.max(0, at),
    end: start + Math.max(0, at) + length,
    snippet: piecesOf(snippet),
  };
}

function toTurn({ turn_id, conversation_id, question, answer }: TurnHit) {
  const snippet = answer.includes(open) ? answer : question;
  return { turnId: turn_id, conversationId: conversation_id, snippet: piecesOf(snippet) };
}

function piecesOf(snippet: string): { text: string; found: boolean }[] {
  return snippet
    .replace(/\s+/g, ' ')
    .split(/(\uE000[^\uE001]*\uE001)/)
    .filter((piece) => piece !== '')
    .map((piece) => ({ text: plain(piece), found: piece.startsWith(open) }));
}
