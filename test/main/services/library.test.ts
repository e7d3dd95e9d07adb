// The library on disk: migrations, refusals, damage, trees.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultSettings, type ParsedDocument } from '../../../main/contract/index.js';
import { ConversationStore } from '../../../main/services/library/conversations.js';
import { DocumentStore } from '../../../main/services/library/documents.js';
import { migrations } from '../../../main/services/library/migrations.js';
import { migrate, openLibrary, type Db } from '../../../main/services/library/open.js';
import { SettingsStore } from '../../../main/services/library/settings.js';
import { TurnStore } from '../../../main/services/library/turns.js';
import { newFolder, removeFolder } from './app-fixture.js';

let folder: string;
let db: Db;
beforeEach(() => {
  folder = newFolder();
  db = openLibrary(folder).db;
});
afterEach(() => {
  db.close();
  removeFolder(folder);
});

const file = () => join(folder, 'library.db');
const parsed = (text: string): ParsedDocument => ({
  kind: 'text',
  title: 'Title',
  text,
  anchorKind: 'page',
  anchors: [
    { label: 'Page 1', start: 0, end: 4 },
    { label: 'Page 2', start: 4, end: text.length },
  ],
  warnings: ['Page 3 is a scan.'],
});
const origin = (sha256: string) => ({ fileName: 'a.txt', bytes: 9, sha256 });

describe('migrations', () => {
  test('run forward from every older version, on copies, and end at the same schema', () => {
    const schemaOf = (one: Db) =>
      one.prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").all();
    const wanted = schemaOf(db);
    for (let version = 0; version <= migrations.length; version++) {
      const old = join(folder, `old-${version}.db`);
      const first = new Database(old);
      migrate(first, migrations.slice(0, version));
      first.close();
      const copy = join(folder, `copy-${version}.db`);
      copyFileSync(old, copy);
      const opened = new Database(copy);
      migrate(opened, migrations);
      expect(opened.pragma('user_version', { simple: true })).toBe(migrations.length);
      expect(schemaOf(opened)).toEqual(wanted);
      expect(opened.pragma('integrity_check', { simple: true })).toBe('ok');
      opened.close();
    }
  });

  test('a step that fails leaves the version before it', () => {
    const broken = [...migrations, 'CREATE TABLE half (a); SELECT nonsense;'];
    expect(() => migrate(db, broken)).toThrow(/nonsense/);
    expect(db.pragma('user_version', { simple: true })).toBe(migrations.length);
    expect(db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get()).toBeUndefined();
  });

  test('keep what an older library holds', () => {
    new DocumentStore(db).add(parsed('One.Two.'), origin('aa'));
    db.close();
    const next = [...migrations, 'ALTER TABLE documents ADD COLUMN colour TEXT'];
    db = openLibrary(folder, next).db;
    expect(new DocumentStore(db).list()).toHaveLength(1);
  });

  test('leave conversations of a library without ranges about whole documents', () => {
    const old = new Database(join(folder, 'before-ranges.db'));
    migrate(old, migrations.slice(0, 3));
    const { id } = new DocumentStore(old).add(parsed('One.Two.'), origin('aa'));
    old.exec("INSERT INTO conversations VALUES ('c', 'Title', 0, NULL, 1, 1)");
    old.prepare("INSERT INTO conversation_documents VALUES ('c', ?, 0)").run(id);
    migrate(old, migrations);
    const store = new ConversationStore(old);
    expect(store.get('c')).toMatchObject({ documentIds: [id], ranges: undefined });
    store.setRange('c', id, { from: 1, to: 2 });
    const part = { from: 1, to: 2, first: 'Page 2', last: 'Page 2' };
    expect(store.get('c').ranges).toEqual({ [id]: part });
    old.close();
  });
});

describe('opening', () => {
  test('refuses a newer library and leaves it untouched', () => {
    db.pragma('user_version = 99');
    db.close();
    const before = readFileSync(file());
    expect(() => openLibrary(folder)).toThrow(/newer Longleaf/);
    expect(readFileSync(file()).equals(before)).toBe(true);
    db = new Database(':memory:');
  });

  test.each([
    ['not a database at all', (bytes: Buffer) => Buffer.from('x'.repeat(bytes.length))],
    ['pages overwritten', (bytes: Buffer) => bytes.fill(0x5a, 4096, 12_288)],
  ])('moves a damaged library aside: %s', (_name, damage) => {
    new SettingsStore(db).write({ theme: 'dark' });
    db.close();
    const damaged = damage(readFileSync(file()));
    writeFileSync(file(), damaged);
    const opened = openLibrary(folder);
    db = opened.db;
    expect(opened.notice?.message).toContain('library-damaged-');
    const aside = readdirSync(folder).find((name) => name.startsWith('library-damaged-')) ?? '';
    expect(readFileSync(join(folder, aside)).equals(damaged)).toBe(true);
    expect(new SettingsStore(db).read()).toEqual(defaultSettings);
  });

  test('an empty file is a new library', () => {
    db.close();
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '');
    const opened = openLibrary(folder);
    db = opened.db;
    expect(opened.notice).toBeUndefined();
    expect(existsSync(file())).toBe(true);
  });
});

describe('documents', () => {
  test('come back as they were', () => {
    const store = new DocumentStore(db);
    const text = 'One.Zwei – 中文 \u{1F6A2}\0 end';
    const { id } = store.add(parsed(text), origin('aa'));
    expect(store.text(id)).toBe(text);
    expect(store.anchors(id)).toEqual(parsed(text).anchors);
    expect(store.passages(id, 1, 2)).toEqual([text.slice(4)]);
    expect(store.get(id)).toMatchObject({
      characters: text.length,
      anchorCount: 2,
      warnings: ['Page 3 is a scan.'],
    });
  });

  test('with the same bytes are one', () => {
    const store = new DocumentStore(db);
    const first = store.add(parsed('One.Two.'), origin('aa'));
    expect(store.add(parsed('One.Two.'), origin('aa'))).toEqual(first);
  });

  test('with gaps between anchors are refused', () => {
    const gap = { ...parsed('One.Two.'), anchors: [{ label: 'Page 1', start: 1, end: 8 }] };
    expect(() => new DocumentStore(db).add(gap, origin('aa'))).toThrow(/anchors/);
  });

  test('leave their conversations when removed', () => {
    const store = new DocumentStore(db);
    const { id } = store.add(parsed('One.Two.'), origin('aa'));
    const conversations = new ConversationStore(db);
    const conversation = conversations.create('Title', [{ documentId: id }]);
    store.remove(id);
    expect(conversations.get(conversation.id).documentIds).toEqual([]);
  });
});

describe('turns', () => {
  test('are a tree whose branches remember what followed', () => {
    const conversation = new ConversationStore(db).create('Title', []).id;
    const turns = new TurnStore(db);
    const on = () => turns.path(conversation).map(({ question }) => question);
    const a1 = turns.add(conversation, null, 'a1');
    const b1 = turns.add(conversation, a1.id, 'b1');
    const a2 = turns.add(conversation, null, 'a2');
    expect(on()).toEqual(['a2']);
    expect(turns.get(a1.id)).toMatchObject({ sibling: 0, siblingIds: [a1.id, a2.id] });
    turns.select(a1.id);
    expect(on()).toEqual(['a1', 'b1']);
    const b2 = turns.add(conversation, a1.id, 'b2');
    turns.add(conversation, b2.id, 'c');
    expect(on()).toEqual(['a1', 'b2', 'c']);
    turns.select(b1.id);
    expect(on()).toEqual(['a1', 'b1']);
    expect(turns.pathTo(b2.id).map(({ question }) => question)).toEqual(['a1', 'b2']);
  });

  test('left unfinished are stopped with the text they had', () => {
    const conversation = new ConversationStore(db).create('Title', []).id;
    const turns = new TurnStore(db);
    const { id } = turns.add(conversation, null, 'q');
    turns.setAnswering(id);
    turns.setAnswer(id, 'half');
    expect(turns.stopUnfinished()).toBe(1);
    expect(turns.get(id)).toMatchObject({ state: 'stopped', answer: 'half' });
  });
});

test('a setting that cannot be read falls back to its default', () => {
  const store = new SettingsStore(db);
  store.write({ level: 40, replyTokens: 1000 });
  db.prepare("UPDATE settings SET value = ? WHERE key = 'replyTokens'").run('{broken');
  db.prepare("INSERT INTO settings VALUES ('theme', '\"plaid\"'), ('unknown', '1')").run();
  expect(store.read()).toEqual({ ...defaultSettings, level: 40 });
});
