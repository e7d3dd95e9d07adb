// Documents in the library: their card, and their text as one passage per anchor.
import { randomUUID } from 'node:crypto';
import {
  FailureError,
  type Anchor,
  type AnchorRange,
  type DocumentSummary,
  type LabelledRange,
  type ParsedDocument,
} from '../../contract/index.js';
import type { Db } from './open.js';

interface DocumentRow {
  id: string;
  title: string;
  file_name: string;
  kind: DocumentSummary['kind'];
  bytes: number;
  sha256: string;
  characters: number;
  anchor_kind: DocumentSummary['anchorKind'];
  anchor_count: number;
  warnings: string;
  created_at: number;
}

/** The file a document came from. */
export interface Origin {
  fileName: string;
  bytes: number;
  sha256: string;
}

export class DocumentStore {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  list(): DocumentSummary[] {
    const rows = this.#db.prepare('SELECT * FROM documents ORDER BY created_at DESC, rowid DESC');
    return (rows.all() as DocumentRow[]).map(toSummary);
  }

  find(id: string): DocumentSummary | undefined {
    const row = this.#db.prepare('SELECT * FROM documents WHERE id = ?').get(id);
    return row ? toSummary(row as DocumentRow) : undefined;
  }

  get(id: string): DocumentSummary {
    const found = this.find(id);
    if (!found) throw new FailureError('not_found', 'This document is no longer in the library.');
    return found;
  }

  findByHash(sha256: string): DocumentSummary | undefined {
    const row = this.#db.prepare('SELECT * FROM documents WHERE sha256 = ?').get(sha256);
    return row ? toSummary(row as DocumentRow) : undefined;
  }

  anchors(id: string): Anchor[] {
    const rows = this.#db.prepare(
      'SELECT label, start, "end" FROM passages WHERE document_id = ? ORDER BY position',
    );
    return rows.all(id) as Anchor[];
  }

  /** The text of anchors [from, to). */
  passages(id: string, from: number, to: number): string[] {
    const rows = this.#db
      .prepare(
        'SELECT text FROM passages WHERE document_id = ? AND position >= ? AND position < ? ORDER BY position',
      )
      .pluck();
    return rows.all(id, from, to) as string[];
  }

  /** Labels and offset of anchors [from, to); the text begins at `start` of the whole. */
  stretch(id: string, { from, to }: AnchorRange): LabelledRange & { start: number } {
    const anchors = this.#db.prepare(
      'SELECT label, start FROM passages WHERE document_id = ? AND position = ?',
    );
    const first = anchors.get(id, from) as Pick<Anchor, 'label' | 'start'> | undefined;
    const last = anchors.get(id, to - 1) as Pick<Anchor, 'label'> | undefined;
    if (!first || !last || to <= from) {
      throw new FailureError('bad_request', 'This document has no such part.');
    }
    return { from, to, first: first.label, last: last.label, start: first.start };
  }

  /** A range with the labels of its ends. */
  labelled(id: string, range: AnchorRange): LabelledRange {
    const { start: _start, ...labels } = this.stretch(id, range);
    return labels;
  }

  text(id: string): string {
    return this.passages(id, 0, Number.MAX_SAFE_INTEGER).join('');
  }

  /** Stores a parsed document, or finds the one with the same bytes. */
  add(parsed: ParsedDocument, origin: Origin): DocumentSummary {
    const anchors = checkedAnchors(parsed);
    return this.#db
      .transaction(() => {
        const existing = this.findByHash(origin.sha256);
        if (existing) return existing;
        const id = randomUUID();
        this.#insert(id, parsed, origin, anchors);
        return this.get(id);
      })
      .immediate();
  }

  #insert(id: string, parsed: ParsedDocument, origin: Origin, anchors: Anchor[]): void {
    this.#db
      .prepare(
        `INSERT INTO documents (id, title, file_name, kind, bytes, sha256, characters, anchor_kind,
           anchor_count, warnings, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        id,
        parsed.title,
        origin.fileName,
        parsed.kind,
        origin.bytes,
        origin.sha256,
        parsed.text.length,
        parsed.anchorKind,
        anchors.length,
        JSON.stringify(parsed.warnings),
        Date.now(),
      );
    const passage = this.#db.prepare(
      'INSERT INTO passages (document_id, position, label, start, "end", text) VALUES (?, ?, ?, ?, ?, ?)',
    );
    anchors.forEach((anchor, position) => {
      const text = parsed.text.slice(anchor.start, anchor.end).toWellFormed();
      passage.run(id, position, anchor.label, anchor.start, anchor.end, text);
    });
  }

  /** Conversations keep their turns and lose the document. */
  remove(id: string): DocumentSummary {
    const document = this.get(id);
    this.#db.prepare('DELETE FROM documents WHERE id = ?').run(id);
    return document;
  }
}

/** Evidence and passages rest on anchors covering the text without gap or overlap. */
function checkedAnchors({ anchors, text }: ParsedDocument): Anchor[] {
  if (anchors.length === 0) return [{ label: 'Text', start: 0, end: text.length }];
  let at = 0;
  for (const anchor of anchors) {
    if (anchor.start !== at || anchor.end < at) {
      throw new Error(`anchors do not follow each other at character ${at}`);
    }
    at = anchor.end;
  }
  if (at !== text.length) throw new Error(`anchors end at ${at} of ${text.length} characters`);
  return anchors;
}

function toSummary(row: DocumentRow): DocumentSummary {
  return {
    id: row.id,
    title: row.title,
    fileName: row.file_name,
    kind: row.kind,
    bytes: row.bytes,
    sha256: row.sha256,
    characters: row.characters,
    anchorKind: row.anchor_kind,
    anchorCount: row.anchor_count,
    warnings: JSON.parse(row.warnings) as string[],
    createdAt: row.created_at,
  };
}
