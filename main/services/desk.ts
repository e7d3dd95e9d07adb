// What answering and reading share: the library, the engine and the accounts of both.
import type { Context } from './context.js';
import type { EngineHost } from './engine-host.js';
import type { EngineLane } from './engine-lane.js';
import type { ConversationStore } from './library/conversations.js';
import type { DocumentStore } from './library/documents.js';
import type { ReadingTimeStore } from './library/reading-times.js';
import type { SearchStore } from './library/search.js';
import type { SettingsStore } from './library/settings.js';
import type { TurnStore } from './library/turns.js';
import type { LoadedEngine } from './loaded-engine.js';
import type { ModelDownloads } from './model-downloads.js';
import type { Models } from './models.js';
import type { PromptDocuments } from './prompts.js';
import type { Readings } from './readings.js';
import type { SavedReadings } from './saved-readings.js';

export interface Desk {
  readonly search: SearchStore;
  readonly modelsFolder: string;
  readonly library: DocumentStore;
  readonly conversations: ConversationStore;
  readonly turns: TurnStore;
  readonly settings: SettingsStore;
  readonly models: Models;
  readonly downloads: ModelDownloads;
  readonly host: EngineHost;
  readonly lane: EngineLane;
  readonly loaded: LoadedEngine;
  readonly documents: PromptDocuments;
  readonly context: Context;
  readonly readings: Readings;
  readonly saved: SavedReadings;
  readonly readingTimes: ReadingTimeStore;
}
