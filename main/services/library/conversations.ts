// Conversations in the library: title, ordered documents, and the head of the branch on screen.
import { randomUUID } from 'node:crypto';
import { FailureError, type ConversationSummary } from '../../contract/index.js';
import type { Db } from './open.js';

interface ConversationRow {
  id: string;
  title: string;
  document_ids: string;
  turn_count: number;
  created_at: number;
  updated_at: number;
}

const summaries = `
SELECT c.id, c.title, c.created_at, c.updated_at,
  (SELECT json_group_array(document_id) FROM
     (SELECT document_id FROM conversation_documents WHERE conversation_id = c.id ORDER BY position)
  ) AS document_ids,
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

  create(title: string, documentIds: readonly string[]): ConversationSummary {
    const id = randomUUID();
    const now = Date.now();
    this.#db
      .transaction(() => {
        this.#db
          .prepare(
            'INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)',
          )
          .run(id, title, now, now);
        this.#insertDocuments(id, documentIds);
      })
      .immediate();
    return this.get(id);
  }

  setDocuments(id: string, documentIds: readonly string[]): void {
    this.#db
      .transaction(() => {
        this.#db.prepare('DELETE FROM conversation_documents WHERE conversation_id = ?').run(id);
        this.#insertDocuments(id, documentIds);
        this.touch(id);
      })
      .immediate();
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

  #insertDocuments(id: string, documentIds: readonly string[]): void {
    const insert = this.#db.prepare(
      'INSERT INTO conversation_documents (conversation_id, document_id, position) VALUES (?, ?, ?)',
    );
    documentIds.forEach((documentId, position) => insert.run(id, documentId, position));
  }
}

function toSummary(row: ConversationRow): ConversationSummary {
  return {
    id: row.id,
    title: row.title,
    documentIds: JSON.parse(row.document_ids) as string[],
    turnCount: row.turn_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
