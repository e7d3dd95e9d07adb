// Much of everything, for the scripted bridge: a conversation of many turns, an answer of 20,000 tokens, a document
// of five megabytes.
import type { DocumentSummary, Turn } from '../../main/contract/index.js';
import * as data from './fake-data.js';

export function longConversation(turns: number): Turn[] {
  return Array.from({ length: turns }, (_, index) => {
    const id = `t${index}`;
    const parentId = index === 0 ? null : `t${index - 1}`;
    const question = `Question ${index + 1}: what does the ledger say?`;
    return data.turn(id, question, data.answers[index % 2]!, { parentId });
  });
}

const megabytes = 5;
const anchorCharacters = 8_000;
const anchorCount = (megabytes * 1_000_000) / anchorCharacters;

export const longDocument: DocumentSummary = {
  ...data.documents[3]!,
  id: 'ferry',
  title: 'The Ferryman’s Ledger',
  fileName: 'ledger.txt',
  kind: 'text',
  bytes: megabytes * 1_000_000,
  characters: anchorCount * anchorCharacters,
  anchorKind: 'section',
  anchorCount,
};

const sentence = 'The keeper wrote the date in the margin and under it the names. ';

/** About 20,000 tokens in all: headings, prose, nested lists, tables, code. */
export function longAnswer(): string {
  const sections = Array.from({ length: 180 }, (_, index) =>
    [
      `## Crossing ${index + 1}`,
      sentence.repeat(4),
      `- first *point* of ${index}\n  - a part of it, with \`code\`\n- second **point**\n- third point`,
      index % 9 === 0 ? code(index) : sentence.repeat(2),
      index % 6 === 0 ? table(index) : '',
    ].join('\n\n'),
  );
  return sections.join('\n\n');
}

const code = (index: number): string =>
  [
    '```js',
    `const crossing = ${index};`,
    'for (const each of names) write(each, 48213);',
    '```',
  ].join('\n');

const table = (index: number): string =>
  [
    '| Crossing | Paid with | Page |',
    '| --- | --- | ---: |',
    ...Array.from({ length: 6 }, (_, row) => `| ${index}.${row} | a jar of honey | ${row} |`),
  ].join('\n');
