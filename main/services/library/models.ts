// The user's own model files (bundled ones come from the catalog), and what the engine said about each file.
import type { Failure, ModelInfo } from '../../contract/index.js';
import type { Db } from './open.js';

export interface AddedModel {
  id: string;
  path: string;
}

export interface Inspection {
  info?: ModelInfo;
  failure?: Failure;
}

export class ModelStore {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  list(): AddedModel[] {
    return this.#db.prepare('SELECT id, path FROM models ORDER BY added_at').all() as AddedModel[];
  }

  add(model: AddedModel): void {
    this.#db
      .prepare('INSERT INTO models (id, path, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(model.id, model.path, Date.now());
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM models WHERE id = ?').run(id);
  }

  /** Undefined when the file was never inspected, or changed since. */
  inspection(path: string, stamp: string): Inspection | undefined {
    const row = this.#db
      .prepare('SELECT info, failure FROM model_inspections WHERE path = ? AND stamp = ?')
      .get(path, stamp) as { info: string | null; failure: string | null } | undefined;
    if (!row) return undefined;
    return {
      info: row.info ? (JSON.parse(row.info) as ModelInfo) : undefined,
      failure: row.failure ? (JSON.parse(row.failure) as Failure) : undefined,
    };
  }

  keepInspection(path: string, stamp: string, { info, failure }: Inspection): void {
    this.#db
      .prepare(
        `INSERT INTO model_inspections (path, stamp, info, failure) VALUES (?, ?, ?, ?)
         ON CONFLICT (path) DO UPDATE SET
           stamp = excluded.stamp, info = excluded.info, failure = excluded.failure`,
      )
      .run(
        path,
        stamp,
        info ? JSON.stringify(info) : null,
        failure ? JSON.stringify(failure) : null,
      );
  }
}
