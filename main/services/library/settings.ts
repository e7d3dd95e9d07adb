// Settings as one JSON value per key. A value this version cannot read falls back to its default, so a
// settings row can never keep the app from starting.
import { defaultSettings, settings as schema, type Settings } from '../../contract/index.js';
import type { Db } from './open.js';

export class SettingsStore {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  read(): Settings {
    const rows = this.#db.prepare('SELECT key, value FROM settings').all() as {
      key: string;
      value: string;
    }[];
    const stored = new Map(rows.map((row) => [row.key, row.value]));
    const read = (key: keyof Settings) => {
      const value = stored.get(key);
      if (value === undefined) return undefined;
      const parsed = schema.shape[key].safeParse(parseJson(value));
      return parsed.success ? parsed.data : undefined;
    };
    const keys = Object.keys(defaultSettings) as (keyof Settings)[];
    return schema.parse(Object.fromEntries(keys.map((key) => [key, read(key)])));
  }

  write(patch: Partial<Settings>): void {
    const put = this.#db.prepare(
      'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.#db
      .transaction(() => {
        for (const [key, value] of Object.entries(patch)) {
          if (value !== undefined) put.run(key, JSON.stringify(value));
        }
      })
      .immediate();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
