// What the fake bridge pretends to know.
import type {
  Anchor,
  ContextUse,
  ConversationSummary,
  DocumentSummary,
  EngineStatus,
  Evidence,
  Failure,
  ModelCard,
  ReadingState,
  Settings,
  Turn,
  TurnStats,
} from '../../main/contract/index.js';
import { keptPlaces } from './fake-calibration.js';

export const settings: Settings = {
  modelId: null,
  threads: 0,
  kvType: 'f16',
  device: 'auto',
  vramLimitBytes: 0,
  allowQ8Kv: false,
  contextTokens: 0,
  level: null,
  replyTokens: 512,
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  seed: 0,
  readingsBytes: 21_474_836_480,
  language: 'system',
  theme: 'system',
  welcomed: false,
};

const info = {
  architecture: 'llama',
  name: 'Longleaf Mini',
  licence: 'MIT',
  quantisation: 'Q8_0',
  bosToken: '',
  eosToken: '<|end|>',
  addBos: false,
  fingerprint: 'fake',
  fileBytes: 29_835_648,
  parameters: 27_800_000,
  contextLength: 131_072,
  layers: 8,
  embeddingLength: 512,
  ffnLength: 1408,
  heads: 8,
  kvHeads: 4,
  headDim: 64,
  vocabSize: 8192,
};

export const models: ModelCard[] = [
  {
    id: 'mini',
    path: '/models/longleaf-mini.gguf',
    bundled: true,
    title: 'Longleaf Mini',
    summary:
      'A very small model (28 million parameters) that comes with Longleaf, so that everything works at once, without a download. It finds a plainly stated fact in a long text: “The access code of the gilded ferry is 48213.”',
    limits:
      'It is reliable only for such facts, up to about 16,000 tokens (some 25 pages of a book). It quotes poorly, is often wrong about anything else, and cannot summarise or reason. For real work, add a model of your own as a GGUF file.',
    defaultLevel: 5,
    profiled: true,
    info,
  },
  {
    id: 'broken',
    path: '/home/ada/Downloads/llama-3.1-8b-instruct-q4_k_m.gguf',
    bundled: false,
    title: 'llama-3.1-8b-instruct-q4_k_m.gguf',
    defaultLevel: 30,
    profiled: false,
    failure: {
      message: 'The matrices are stored as Q4_K, which Longleaf does not read yet.',
      hint: 'Use a Q8_0, F16 or BF16 file of the same model.',
    },
  },
];

export const ready: EngineStatus = {
  state: 'ready',
  modelId: 'mini',
  device: 'CPU, AVX2, 8 threads',
  info,
  memory: {
    weightsBytes: 29_800_000,
    kvBytes: 1_073_741_824,
    scratchBytes: 167_108_864,
    totalBytes: 1_270_650_688,
    availableBytes: 8_589_934_592,
    contextTokens: 131_072,
    largestContextTokens: 131_072,
    fits: true,
  },
};

export const engineStatus = (name: string | null): EngineStatus => {
  if (name === 'loading') return { state: 'loading', modelId: 'mini', fraction: 0.62 };
  if (name === 'noted') return { ...ready, note: noTemplate };
  if (name === 'failed') return { state: 'failed', modelId: 'mini', failure: noMemory };
  return ready;
};

const noTemplate =
  'The file has no chat template. Longleaf puts the document first and the question last.';

const noMemory: Failure = {
  code: 'no_memory',
  message:
    'A context of 131,072 tokens needs 1.3 GB of memory; 0.9 GB are free, enough for 81,920 tokens.',
  hint: 'Choose a smaller context, an 8-bit reading or a smaller model in the settings.',
};

export const engineDied: Failure = {
  code: 'engine_died',
  message: 'The engine stopped unexpectedly while answering.',
  hint: 'It has been started again. What was written so far is kept.',
};

const day = 86_400_000;

const document = (
  id: string,
  title: string,
  kind: DocumentSummary['kind'],
  pages: number,
  anchorKind: DocumentSummary['anchorKind'] = 'page',
): DocumentSummary => ({
  id,
  title,
  fileName: `${title.toLowerCase().replaceAll(' ', '-')}.${kind}`,
  kind,
  bytes: pages * 9_300,
  sha256: id,
  characters: pages * 1800,
  anchorKind,
  anchorCount: pages,
  warnings: id === 'lease' ? ['Pages 3, 7 and 9 have no text: they may be scans.'] : [],
  createdAt: Date.now() - pages * 1000,
});

export const documents: DocumentSummary[] = [
  document('ferry', 'The Ferryman’s Ledger', 'pdf', 312),
  document(
    'lease',
    'Lease agreement, Harbour Street 14, signed copy with annexes A to F',
    'pdf',
    48,
  ),
  document('voyage', 'A Voyage to the Outer Isles', 'epub', 27, 'section'),
  document('manual', 'Pump station operating manual', 'docx', 96, 'section'),
];

const paragraph = [
  'The river had been rising since the first week of the month, and by the time the ledger was opened again the landing stage stood a hand’s breadth under water. The keeper wrote the date in the margin, as his father had done, and under it the names of those who crossed.',
  'Nobody asked what the crossing cost. It was known along both banks that the gilded ferry took what one could spare: a jar of honey, an afternoon’s work on the roof, a letter carried to the coast. “Write it down,” she said, “and it will be remembered long after either of us.”',
  'At noon the second barge came in with timber and with news. The access code of the gilded ferry is 48213. The keeper copied it twice, once for the harbour office and once, in a smaller hand, for himself, and closed the book.',
];

export function anchorsOf(summary: DocumentSummary): Anchor[] {
  const size = Math.floor(summary.characters / summary.anchorCount);
  return Array.from({ length: summary.anchorCount }, (_, index) => ({
    label:
      summary.anchorKind === 'page' ? `Page ${index + 1}` : `Chapter ${index + 1}: The crossing`,
    start: index * size,
    end: (index + 1) * size,
  }));
}

export function textOf(summary: DocumentSummary, index: number): string {
  const size = Math.floor(summary.characters / summary.anchorCount);
  const paragraphs = Math.ceil(size / 250);
  const text = Array.from({ length: paragraphs }, (_, at) => paragraph[(index + at) % 3]).join(
    '\n\n',
  );
  return text.slice(0, size);
}

export const kept = [1, 1, 0.72, 0.66, 0.61, 0.7, 0.79, 1];

export const stats: TurnStats = {
  promptTokens: 16_043,
  reusedTokens: 16_021,
  readTokens: 22,
  readSeconds: 0.2,
  firstTokenSeconds: 0.4,
  answerTokens: 142,
  answerSeconds: 2.1,
  level: 5,
  keptFraction: kept,
  model: 'Longleaf Mini',
};

export const reading: Omit<ReadingState, 'conversationId'> = {
  status: 'read',
  level: 5,
  tokens: 16_021,
  seconds: 31.4,
  keptFraction: kept,
  keptPlaces,
};

export const answers = [
  'The access code of the gilded ferry is **48213**. The ledger gives it in these words: "The access code of the gilded ferry is 48213." The keeper copied it twice, once for the harbour office and once for himself.',
  'Three things are said about payment:\n\n1. Nobody asked what the crossing cost.\n2. The ferry took what one could spare: honey, work on a roof, a letter carried to the coast.\n3. What was given was written in the ledger.\n\n> Write it down, and it will be remembered long after either of us.\n\nA summary by crossing:\n\n| Crossing | Paid with | Page |\n| --- | --- | ---: |\n| First barge | a jar of honey | 12 |\n| Second barge | timber | 47 |\n\nThe code `48213` is not mentioned there. See [the harbour office](https://example.org/harbour).',
];

export const quotation = 'The access code of the gilded ferry is 48213.';

export function evidenceIn(answer: string): Evidence[] {
  const answerStart = answer.indexOf(quotation);
  if (answerStart < 0) return [];
  const summary = documents[0]!;
  const anchor = anchorsOf(summary)[40]!;
  const at = textOf(summary, 40).indexOf(quotation);
  return [
    {
      documentId: summary.id,
      start: anchor.start + at,
      end: anchor.start + at + quotation.length,
      answerStart,
      answerEnd: answerStart + quotation.length,
      anchorLabel: anchor.label,
    },
  ];
}

export const turn = (id: string, question: string, answer: string, more: Partial<Turn>): Turn => ({
  id,
  conversationId: 'c1',
  parentId: null,
  question,
  answer,
  state: 'done',
  cut: false,
  stats,
  evidence: evidenceIn(answer),
  createdAt: Date.now(),
  sibling: 0,
  siblingIds: [id],
  ...more,
});

export const conversations: ConversationSummary[] = [
  ['c1', 'What is the access code of the gilded ferry?', ['ferry'], 2, 0],
  [
    'c2',
    'Which annexes of the lease mention the cellar, and who has to pay for it?',
    ['lease'],
    5,
    1,
  ],
  ['c3', 'Pump station operating manual', ['manual', 'lease'], 0, 3],
].map(([id, title, documentIds, turnCount, days]) => ({
  id: id as string,
  title: title as string,
  documentIds: documentIds as string[],
  turnCount: turnCount as number,
  createdAt: Date.now() - (days as number) * day,
  updatedAt: Date.now() - (days as number) * day,
}));

export const context = (documentIds: string[], draft: string, limit: number): ContextUse => {
  const question = Math.ceil(draft.length / 4);
  const total = 16_021 * documentIds.length + 380 + question + 12 + 512;
  return {
    documents: documentIds.map((documentId) => ({ documentId, tokens: 16_021 })),
    history: 380,
    question,
    template: 12,
    reply: 512,
    total,
    limit,
    fits: total <= limit,
  };
};

export function findIn(summary: DocumentSummary, query: string) {
  const size = Math.floor(summary.characters / summary.anchorCount);
  const places = Array.from({ length: summary.anchorCount }, (_, index) => {
    const at = textOf(summary, index).toLowerCase().indexOf(query.toLowerCase());
    return { start: index * size + at, end: index * size + at + query.length, at };
  });
  return { places: places.filter(({ at }) => at >= 0), more: false };
}
