// The tree of turns of each conversation. A turn's children are alternatives: another question at that place,
// or another answer to the same one. Each parent remembers which child is on screen.
import { randomUUID } from 'node:crypto';
import {
  FailureError,
  type Evidence,
  type Failure,
  type Turn,
  type TurnState,
  type TurnStats,
} from '../../contract/index.js';
import type { Db } from './open.js';

interface TurnRow {
  id: string;
  conversation_id: string;
  parent_id: string | null;
  sibling: number;
  selected_child_id: string | null;
  question: string;
  answer: string;
  state: TurnState;
  cut: number;
  failure: string | null;
  stats: string | null;
  evidence: string;
  created_at: number;
}

export interface TurnOutcome {
  state: 'done' | 'stopped' | 'failed';
  answer: string;
  cut?: boolean;
  failure?: Failure;
  stats?: TurnStats;
  evidence?: Evidence[];
}

const insertCopy = `
INSERT INTO turns (id, conversation_id, parent_id, sibling, selected_child_id, question, answer, state, cut,
  failure, stats, evidence, created_at)
VALUES (@id, @conversation_id, @parent_id, @sibling, @selected_child_id, @question, @answer, @state, @cut,
  @failure, @stats, @evidence, @created_at)`;

export class TurnStore {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  find(id: string): Turn | undefined {
    const row = this.#row(id);
    return row && this.#toTurn(row);
  }

  get(id: string): Turn {
    const found = this.find(id);
    if (!found) throw new FailureError('not_found', 'This question is no longer in the library.');
    return found;
  }

  /** A new last child of `parentId` (null: a first turn), put on screen. */
  add(conversationId: string, parentId: string | null, question: string): Turn {
    const id = randomUUID();
    this.#db
      .transaction(() => {
        const siblings = this.#siblings(conversationId, parentId).length;
        this.#db
          .prepare(
            `INSERT INTO turns (id, conversation_id, parent_id, sibling, question, state, created_at)
             VALUES (?, ?, ?, ?, ?, 'reading', ?)`,
          )
          .run(id, conversationId, parentId, siblings, question, Date.now());
        this.#show(conversationId, parentId, id);
      })
      .immediate();
    return this.get(id);
  }

  /** From the first turn to the last one on screen. */
  path(conversationId: string): Turn[] {
    const rows = this.#db
      .prepare(
        `WITH RECURSIVE path (id, depth) AS (
           SELECT selected_turn_id, 0 FROM conversations WHERE id = ?
           UNION ALL
           SELECT turns.selected_child_id, depth + 1 FROM path JOIN turns ON turns.id = path.id
         )
         SELECT turns.* FROM path JOIN turns ON turns.id = path.id ORDER BY depth`,
      )
      .all(conversationId) as TurnRow[];
    return rows.map((row) => this.#toTurn(row));
  }

  /** From the first turn to `id`, whatever is on screen. */
  pathTo(id: string): Turn[] {
    const path: Turn[] = [];
    for (let at: string | null = id; at !== null; at = path[0]?.parentId ?? null) {
      path.unshift(this.get(at));
    }
    return path;
  }

  select(id: string): Turn {
    const turn = this.get(id);
    this.#show(turn.conversationId, turn.parentId, id);
    return turn;
  }

  /**
   * Gives `to`, which has no turns yet, those of `from`: the whole tree, or the path to `upTo`. What is being
   * answered is copied as stopped.
   */
  copy(from: string, to: string, upTo?: string): void {
    const only = upTo === undefined ? undefined : new Set(this.pathTo(upTo).map(({ id }) => id));
    this.#db
      .transaction(() => {
        const all = this.#db
          .prepare('SELECT * FROM turns WHERE conversation_id = ? ORDER BY number')
          .all(from) as TurnRow[];
        const rows = only ? all.filter(({ id }) => only.has(id)) : all;
        const named = new Map(rows.map(({ id }) => [id, randomUUID()]));
        const renamed = (id: string | null) => (id === null ? null : (named.get(id) ?? null));
        const insert = this.#db.prepare(insertCopy);
        for (const row of rows) {
          const running = row.state === 'reading' || row.state === 'answering';
          insert.run({
            ...row,
            id: renamed(row.id),
            conversation_id: to,
            parent_id: renamed(row.parent_id),
            sibling: only ? 0 : row.sibling,
            selected_child_id: renamed(row.selected_child_id),
            state: running ? 'stopped' : row.state,
          });
        }
        this.#selectLike(from, to, renamed);
        if (only)
          this.#selectPath(
            rows.map(({ id }) => renamed(id)),
            to,
          );
      })
      .immediate();
  }

  #selectLike(from: string, to: string, renamed: (id: string | null) => string | null): void {
    const head = this.#db
      .prepare('SELECT selected_turn_id FROM conversations WHERE id = ?')
      .pluck()
      .get(from) as string | null;
    this.#db
      .prepare('UPDATE conversations SET selected_turn_id = ? WHERE id = ?')
      .run(renamed(head), to);
  }

  #selectPath(ids: readonly (string | null)[], conversationId: string): void {
    ids.forEach((id, at) => {
      if (id !== null) this.#show(conversationId, ids[at - 1] ?? null, id);
    });
  }

  setAnswering(id: string): void {
    this.#db.prepare("UPDATE turns SET state = 'answering' WHERE id = ?").run(id);
  }

  setAnswer(id: string, answer: string): void {
    this.#db.prepare('UPDATE turns SET answer = ? WHERE id = ?').run(answer, id);
  }

  finish(id: string, outcome: TurnOutcome): void {
    this.#db
      .prepare(
        `UPDATE turns SET state = ?, answer = ?, cut = ?, failure = ?, stats = ?, evidence = ? WHERE id = ?`,
      )
      .run(
        outcome.state,
        outcome.answer,
        outcome.cut ? 1 : 0,
        outcome.failure ? JSON.stringify(outcome.failure) : null,
        outcome.stats ? JSON.stringify(outcome.stats) : null,
        JSON.stringify(outcome.evidence ?? []),
        id,
      );
  }

  /** After a crash: what was being answered is stopped, with the text it had. */
  stopUnfinished(): number {
    return this.#db
      .prepare("UPDATE turns SET state = 'stopped' WHERE state IN ('reading', 'answering')")
      .run().changes;
  }

  #show(conversationId: string, parentId: string | null, id: string): void {
    if (parentId === null) {
      this.#db
        .prepare('UPDATE conversations SET selected_turn_id = ? WHERE id = ?')
        .run(id, conversationId);
    } else {
      this.#db.prepare('UPDATE turns SET selected_child_id = ? WHERE id = ?').run(id, parentId);
    }
  }

  #row(id: string): TurnRow | undefined {
    return this.#db.prepare('SELECT * FROM turns WHERE id = ?').get(id) as TurnRow | undefined;
  }

  #siblings(conversationId: string, parentId: string | null): string[] {
    return this.#db
      .prepare('SELECT id FROM turns WHERE conversation_id = ? AND parent_id IS ? ORDER BY sibling')
      .pluck()
      .all(conversationId, parentId) as string[];
  }

  #toTurn(row: TurnRow): Turn {
    return {
      id: row.id,
      conversationId: row.conversation_id,
      parentId: row.parent_id,
      question: row.question,
      answer: row.answer,
      state: row.state,
      cut: row.cut === 1,
      failure: row.failure ? (JSON.parse(row.failure) as Failure) : undefined,
      stats: row.stats ? (JSON.parse(row.stats) as TurnStats) : undefined,
      evidence: JSON.parse(row.evidence) as Evidence[],
      createdAt: row.created_at,
      sibling: row.sibling,
      siblingIds: this.#siblings(row.conversation_id, row.parent_id),
    };
  }
}
