// Results as they come: one line of JSON per answer, so that a run can stop anywhere and go on later.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const keyOf = ({ task, tokens, document, configuration, order }) =>
  [task, tokens, document, configuration, order].join(' | ');

export class Rows {
  #done = new Set();

  constructor(file) {
    this.file = file;
    this.all = existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
      : [];
    for (const row of this.all) this.#done.add(keyOf(row));
  }

  /** Whether this document was asked about in this way. */
  has(about) {
    return this.#done.has(keyOf(about));
  }

  /** All answers about one document at once: half a document is as good as none. */
  add(rows) {
    if (rows.length === 0) return;
    appendFileSync(this.file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    this.all.push(...rows);
    this.#done.add(keyOf(rows[0]));
  }
}
