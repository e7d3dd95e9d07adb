// Saved readings of the scripted bridge.
import type { SavedReadings, SeenPrompt } from '../../main/contract/index.js';

const day = 86_400_000;
const now = Date.now();

export const savedReadings: SavedReadings = {
  readings: [
    {
      id: 'r1',
      documentIds: ['ferry'],
      modelTitle: 'Longleaf Mini',
      level: 25,
      tokens: 16_021,
      bytes: 131_300_000,
      seconds: 31.4,
      keep: true,
      createdAt: now - 2 * day,
      usedAt: now,
    },
    {
      id: 'r2',
      documentIds: ['voyage', 'manual'],
      modelTitle: 'Llama 3.1 8B Instruct',
      level: 0,
      tokens: 97_300,
      bytes: 12_753_000_000,
      seconds: 1263,
      keep: false,
      createdAt: now - 9 * day,
      usedAt: now - 3 * day,
    },
  ],
  bytes: 12_884_300_000,
  limit: 21_474_836_480,
};

export const seenPrompt: SeenPrompt = {
  parts: [
    { kind: 'template', text: '<|doc|>', omitted: 0, ending: '', tokens: 1 },
    {
      kind: 'document',
      documentId: 'ferry',
      text: 'The river had been rising since the first week of the month.',
      omitted: 55_210,
      ending: 'The keeper closed the book.',
      tokens: 16_021,
    },
    { kind: 'template', text: '<|user|>', omitted: 0, ending: '', tokens: 1 },
    { kind: 'question', text: 'What is the access code?', omitted: 0, ending: '', tokens: 6 },
    { kind: 'template', text: '<|assistant|>', omitted: 0, ending: '', tokens: 1 },
  ],
  total: 16_030,
  limit: 131_072,
  missing: 0,
};
