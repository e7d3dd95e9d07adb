// A conversation as a text to take away: the branch on screen, with its references and what they quote.
import type {
  Conversation,
  DocumentRanges,
  Evidence,
  LabelledRange,
  Turn,
} from '../../main/contract/index.js';
import { numbered } from '../chat/reduce.js';
import { anchorName, worded, words } from '../strings/index.js';

/** A place an answer rests on, with the words that stand there. */
export interface ExportedPlace extends Evidence {
  number: number;
  documentTitle: string;
  text: string;
}

export interface ExportedTurn {
  question: string;
  answer: string;
  /** What it was about, where that is not what the conversation is about now. */
  about: string[] | null;
  remark: string | null;
  model: string | null;
  places: ExportedPlace[];
}

export interface ExportedConversation {
  title: string;
  documents: string[];
  date: Date;
  turns: ExportedTurn[];
}

/** What an export needs to know of the documents. */
export interface Sources {
  /** With the part of it, where it was not used whole. */
  titleOf(documentId: string, range?: LabelledRange): string;
  textOf(place: Evidence): Promise<string>;
}

export async function collect(
  conversation: Conversation,
  sources: Sources,
): Promise<ExportedConversation> {
  const turns: ExportedTurn[] = [];
  for (const turn of conversation.path) {
    turns.push(await collectTurn(turn, sources, titlesOf(conversation, sources)));
  }
  return {
    title: conversation.title || words.library.untitled,
    documents: titlesOf(conversation, sources),
    date: new Date(conversation.updatedAt),
    turns,
  };
}

function titlesOf(
  of: { documentIds: readonly string[]; ranges?: DocumentRanges },
  { titleOf }: Sources,
): string[] {
  return of.documentIds.map((id) => titleOf(id, of.ranges?.[id]));
}

async function collectTurn(
  turn: Turn,
  sources: Sources,
  documents: readonly string[],
): Promise<ExportedTurn> {
  const places: ExportedPlace[] = [];
  for (const place of numbered(turn.evidence)) {
    const text = (await sources.textOf(place)).replace(/\s+/g, ' ').trim();
    places.push({ ...place, documentTitle: sources.titleOf(place.documentId), text });
  }
  const { documentIds, ranges } = turn.stats ?? {};
  const about = documentIds ? titlesOf({ documentIds, ranges }, sources) : null;
  const { stopped, cut } = words.chat.turn;
  const remark =
    (turn.failure && worded(turn.failure).message) ??
    (turn.state === 'stopped' ? stopped : turn.cut ? cut : null);
  return {
    question: turn.question,
    answer: turn.answer,
    about: about?.join() === documents.join() ? null : about,
    remark,
    model: turn.stats?.model ?? null,
    places,
  };
}

/** The answer with [n] behind every quotation that has a reference. */
export function withNumbers({ answer, places }: ExportedTurn): string {
  let text = answer;
  const quoted = places.filter(({ looked }) => looked === undefined);
  for (const { answerEnd, number } of quoted.sort((a, b) => b.answerEnd - a.answerEnd)) {
    const marks = /^["”’»*_]*/.exec(text.slice(answerEnd))?.[0].length ?? 0;
    const at = answerEnd + marks;
    text = `${text.slice(0, at)} [${number}]${text.slice(at)}`;
  }
  return text;
}

export function placeLine(place: ExportedPlace): string {
  const { quoted, looked } = words.export;
  const kind = place.looked === undefined ? quoted : looked;
  return `[${place.number}] ${place.documentTitle}, ${anchorName(place.anchorLabel)} (${kind}): “${place.text}”`;
}

export function toMarkdown(conversation: ExportedConversation): string {
  const { title, documents, date, turns } = conversation;
  const text = words.export;
  const lines = [`# ${oneLine(title)}`, ''];
  if (documents.length > 0) lines.push(`${text.documents}: ${documents.map(oneLine).join('; ')}  `);
  lines.push(`${text.made(date)}`, '');
  for (const turn of turns) {
    lines.push(`## ${oneLine(turn.question)}`, '');
    if (turn.question.includes('\n')) lines.push(quote(turn.question), '');
    lines.push(withNumbers(turn).trim(), '');
    if (turn.about) lines.push(`*${aboutLine(turn.about)}*`, '');
    if (turn.remark) lines.push(`*${turn.remark}*`, '');
    for (const place of turn.places) lines.push(`- ${placeLine(place)}`);
    if (turn.places.length > 0) lines.push('');
    if (turn.model) lines.push(`<sub>${turn.model}</sub>`, '');
  }
  return `${lines.join('\n').trim()}\n`;
}

export function aboutLine(titles: readonly string[]): string {
  return `${words.fitting.about}: ${titles.map(oneLine).join('; ')}`;
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();
const quote = (text: string) =>
  text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');

/** A name that every file system takes. */
export function fileName(title: string, ending: string): string {
  const plain = title
    .replace(/[\\/:*?"<>|\p{Cc}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return `${plain.slice(0, 80).replace(/[. ]+$/, '') || 'Longleaf'}.${ending}`;
}
