// The library's schema, as steps from an empty database. A step that has been released is never edited:
// `user_version` counts the steps a file has taken.

const first = `
CREATE TABLE documents (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  file_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  bytes INTEGER NOT NULL,          -- of the original file
  sha256 TEXT NOT NULL UNIQUE,     -- of the original file, its name under originals/
  characters INTEGER NOT NULL,     -- UTF-16 code units of the text
  anchor_kind TEXT NOT NULL,
  anchor_count INTEGER NOT NULL,
  warnings TEXT NOT NULL,          -- JSON array
  created_at INTEGER NOT NULL
) STRICT;

-- One row per anchor with its stretch of the text: a page of a long document is read without the rest, and
-- a full-text index can name this table as its content.
CREATE TABLE passages (
  number INTEGER PRIMARY KEY,
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  label TEXT NOT NULL,
  start INTEGER NOT NULL,          -- UTF-16 code units, half-open
  "end" INTEGER NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (document_id, position)
) STRICT;

CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  titled INTEGER NOT NULL DEFAULT 0,  -- 1: by the user or a first question; keep it
  selected_turn_id TEXT,              -- first turn of the branch on screen
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE conversation_documents (
  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, document_id)
) STRICT;
CREATE INDEX conversation_documents_by_document ON conversation_documents (document_id);

CREATE TABLE turns (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  parent_id TEXT REFERENCES turns (id) ON DELETE CASCADE,
  sibling INTEGER NOT NULL,           -- order among the turns with this parent
  selected_child_id TEXT,             -- which turn follows on screen
  question TEXT NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  cut INTEGER NOT NULL DEFAULT 0,
  failure TEXT,                       -- JSON
  stats TEXT,                         -- JSON
  evidence TEXT NOT NULL DEFAULT '[]',-- JSON
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX turns_by_parent ON turns (conversation_id, parent_id, sibling);
CREATE INDEX turns_by_parent_id ON turns (parent_id);
CREATE INDEX turns_unfinished ON turns (state) WHERE state IN ('reading', 'answering');

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL                 -- JSON
) STRICT;

CREATE TABLE models (
  id TEXT PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  added_at INTEGER NOT NULL
) STRICT;

-- What the engine said of a model file, kept until the file changes.
CREATE TABLE model_inspections (
  path TEXT PRIMARY KEY,
  stamp TEXT NOT NULL,                -- size and modification time
  info TEXT,                          -- JSON
  failure TEXT                        -- JSON
) STRICT;
`;

/** KV states of documents on disk, one file each under readings/. */
const savedReadings = `
CREATE TABLE readings (
  id TEXT PRIMARY KEY,                -- the file's name
  fingerprint TEXT NOT NULL,          -- of the model file
  kv_type TEXT NOT NULL,
  level INTEGER NOT NULL,
  document_ids TEXT NOT NULL,         -- in order, separated by spaces
  model_title TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  seconds REAL NOT NULL,              -- that reading it took
  kept_fraction TEXT NOT NULL,        -- JSON
  keep INTEGER NOT NULL DEFAULT 0,    -- 1: never evicted
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  UNIQUE (fingerprint, kv_type, level, document_ids)
) STRICT;
`;

/** Full-text search. A turn is found once it has ended: its answer changes twice a second until then. */
const search = `
CREATE VIRTUAL TABLE passages_index USING fts5 (
  text, content = 'passages', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO passages_index (passages_index) VALUES ('rebuild');
CREATE TRIGGER passages_added AFTER INSERT ON passages BEGIN
  INSERT INTO passages_index (rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER passages_removed AFTER DELETE ON passages BEGIN
  INSERT INTO passages_index (passages_index, rowid, text) VALUES ('delete', old.number, old.text);
END;

CREATE VIRTUAL TABLE turns_index USING fts5 (
  question, answer, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO turns_index (rowid, question, answer)
  SELECT number, question, answer FROM turns WHERE state NOT IN ('reading', 'answering');
CREATE TRIGGER turns_added AFTER INSERT ON turns
  WHEN new.state NOT IN ('reading', 'answering') BEGIN
  INSERT INTO turns_index (rowid, question, answer) VALUES (new.number, new.question, new.answer);
END;
CREATE TRIGGER turns_ended AFTER UPDATE OF state ON turns
  WHEN new.state NOT IN ('reading', 'answering') BEGIN
  DELETE FROM turns_index WHERE rowid = new.number;
  INSERT INTO turns_index (rowid, question, answer) VALUES (new.number, new.question, new.answer);
END;
CREATE TRIGGER turns_removed AFTER DELETE ON turns BEGIN
  DELETE FROM turns_index WHERE rowid = old.number;
END;
`;

/** A conversation may be about a stretch of a document: anchors [from_anchor, to_anchor), null: all of it. */
const ranges = `
ALTER TABLE conversation_documents ADD COLUMN from_anchor INTEGER;
ALTER TABLE conversation_documents ADD COLUMN to_anchor INTEGER;
`;

/** Where a reading kept its tokens; and what readings took on this machine, which outlives their files. */
const readingTimes = `
ALTER TABLE readings ADD COLUMN kept_places TEXT;  -- JSON
ALTER TABLE readings ADD COLUMN profile TEXT;      -- which one the level was of; NULL: not known

CREATE TABLE reading_times (
  number INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL,          -- of the model file
  device TEXT NOT NULL,
  profile TEXT NOT NULL,              -- which one the level was of
  level INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  seconds REAL NOT NULL,
  kept_fraction TEXT NOT NULL         -- JSON
) STRICT;
CREATE INDEX reading_times_by_model ON reading_times (fingerprint);
`;

export const migrations: readonly string[] = [first, savedReadings, search, ranges, readingTimes];
