// Saved readings of the scripted bridge.
import type { SavedReadings } from '../../main/contract/index.js';

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
