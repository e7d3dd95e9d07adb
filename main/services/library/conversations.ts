// Conversations in the library: title, ordered documents, and the head of the branch on screen.
import { randomUUID } from 'node:crypto';
import {
  FailureError,
  type AnchorRange,
  type ConversationSummary,
  type LabelledRange,
} from '../../contract/index.js';
import type { Excerpt } from '../excerpts.js';
import type { Db } from './open.js';

interface ConversationRow {
  id: string;
  title: string;
  documents: string;
  turn_count: number;
  created_at: number;
  updated_at: number;
}

const summaries = `
SELECT c.id, c.title, c.created_at, c.updated_at,
  (SELECT json_group_array(json_object('id', document_id, 'from', from_anchor, 'to', to_anchor,
       'first', first, 'last', last)) FROM
     (SELECT d.*, f.label AS first, l.label AS last FROM conversation_documents d
        LEFT JOIN passages f ON f.document_id = d.document_id AND f.position = d.from_anchor
        LEFT JOIN passages l ON l.document_id = d.document_id AND l.position = d.to_anchor - 1
      WHERE d.conversation_id = c.id ORDER BY d.position)
  ) AS documents,
  (SELECT count(*) FROM turns WHERE conversation_id = c.id) AS turn_count
FROM conversations c`;

export class ConversationStore {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  list(): ConversationSummary[] {
    const rows = this.#db.prepare(`${summaries} ORDER BY c.updated_at DESC, c.rowid DESC`);
    return (rows.all() as ConversationRow[]).map(toSummary);
  }

  get(id: string): ConversationSummary {
    const row = this.#db.prepare(`${summaries} WHERE c.id = ?`).get(id);
    if (!row) throw new FailureError('not_found', 'This conversation is no longer in the library.');
    return toSummary(row as ConversationRow);
  }

  create(title: string, excerpts: readonly Excerpt[]): ConversationSummary {
    const id = randomUUID();
    const now = Date.now();
    this.#db
      .transaction(() => {
        this.#db
          .prepare(
            'INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)',
          )
          .run(id, title, now, now);
        this.#insertDocuments(id, excerpts);
      })
      .immediate();
    return this.get(id);
  }

  setDocuments(id: string, excerpts: readonly Excerpt[]): void {
    this.#db
      .transaction(() => {
        this.#db.prepare('DELETE FROM conversation_documents WHERE conversation_id = ?').run(id);
        this.#insertDocuments(id, excerpts);
        this.touch(id);
      })
      .immediate();
  }

  /** Null: all of the document. */
  setRange(id: string, documentId: string, range: AnchorRange | null): void {
    this.#db
      .prepare(
        `UPDATE conversation_documents SET from_anchor = ?, to_anchor = ?
         WHERE conversation_id = ? AND document_id = ?`,
      )
      .run(range?.from ?? null, range?.to ?? null, id, documentId);
    this.touch(id);
  }

  /** A title somebody chose: it stays. */
  rename(id: string, title: string): void {
    this.#db.prepare('UPDATE conversations SET title = ?, titled = 1 WHERE id = ?').run(title, id);
  }

  /** A title Longleaf chose; false when somebody's title stands. */
  suggestTitle(id: string, title: string, final: boolean): boolean {
    const done = this.#db
      .prepare('UPDATE conversations SET title = ?, titled = ? WHERE id = ? AND titled = 0')
      .run(title, final ? 1 : 0, id);
    return done.changes === 1;
  }

  touch(id: string): void {
    this.#db.prepare('UPDATE conversations SET updated_at = ? WHERE id = ?').run(Date.now(), id);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM conversations WHERE id = ?').run(id);
  }

  #insertDocuments(id: string, excerpts: readonly Excerpt[]): void {
    const insert = this.#db.prepare(
      `INSERT INTO conversation_documents (conversation_id, document_id, position, from_anchor, to_anchor)
       VALUES (?, ?, ?, ?, ?)`,
    );
    excerpts.forEach(({ documentId, range }, position) =>
      insert.run(id, documentId, position, range?.from ?? null, range?.to ?? null),
    );
  }
}

type DocumentRow = Partial<LabelledRange> & { id: string };

function toSummary(row: ConversationRow): ConversationSummary {
  const documents = JSON.parse(row.documents) as DocumentRow[];
  const ranges = Object.fromEntries(
    documents.flatMap(({ id, from, to, first, last }) =>
      from == null || to == null
        ? []
        : [[id, { from, to, first: first ?? '', last: last ?? '' }] as const],
    ),
  );
  return {
    id: row.id,
    title: row.title,
    documentIds: documents.map(({ id }) => id),
    ranges: Object.keys(ranges).length > 0 ? ranges : undefined,
    turnCount: row.turn_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
