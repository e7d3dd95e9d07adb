// Conversations: a tree of turns about some documents. A turn's answer is regenerated as a sibling turn;
// `path` is the branch on screen.
import { z } from 'zod';
import { documentRanges, labelledRange } from './documents.js';
import { failure } from './failure.js';

export const turnStats = z.object({
  promptTokens: z.number().int(), // whole prompt, reused part included
  reusedTokens: z.number().int(), // of the prompt, already in the session
  readTokens: z.number().int(), // of the prompt, prefilled for this turn
  readSeconds: z.number(),
  firstTokenSeconds: z.number(), // from pressing Ask to the first text
  answerTokens: z.number().int(),
  answerSeconds: z.number(),
  level: z.number().int(), // slider position of the reading the answer rests on
  /**
   * One per layer; 1 is dense. Of the reading the answer rests on: the share of tokens among which it attended;
   * where it left out blocks of pairs, the share that would have been as much work.
   */
  keptFraction: z.array(z.number()),
  /** Of the reused tokens, those that came from disk for this turn. */
  restoredTokens: z.number().int().optional(),
  model: z.string(),
  /** What the question was about, in the order of the prompt. */
  documentIds: z.array(z.string()).optional(),
  /** Of those it was not about as a whole. */
  ranges: documentRanges.optional(),
});
export type TurnStats = z.infer<typeof turnStats>;

/** A place in a document that the answer quotes word for word, or that the model looked at. */
export const evidence = z.object({
  documentId: z.string(),
  /** Half-open range in the document's text, UTF-16 code units. */
  start: z.number().int(),
  end: z.number().int(),
  /** Half-open range of the quotation in the answer. */
  answerStart: z.number().int(),
  answerEnd: z.number().int(),
  anchorLabel: z.string(),
  /** Absent: a verified quotation. Else the share of the model's attention; it belongs to the whole answer. */
  looked: z.number().optional(),
});
export type Evidence = z.infer<typeof evidence>;

export const turnState = z.enum(['reading', 'answering', 'done', 'stopped', 'failed']);
export type TurnState = z.infer<typeof turnState>;

export const turn = z.object({
  id: z.string(),
  conversationId: z.string(),
  parentId: z.string().nullable(),
  question: z.string(),
  answer: z.string(),
  state: turnState,
  /** The answer reached the reply length: it may be cut short. */
  cut: z.boolean(),
  failure: failure.optional(),
  stats: turnStats.optional(),
  evidence: z.array(evidence),
  createdAt: z.number().int(),
  /** This turn among the alternatives for the same question, 0-based. */
  sibling: z.number().int(),
  siblingIds: z.array(z.string()),
});
export type Turn = z.infer<typeof turn>;

export const conversationSummary = z.object({
  id: z.string(),
  title: z.string(),
  documentIds: z.array(z.string()),
  /** Of those the user wants only a part of; the rest of them is not in the prompt. */
  ranges: documentRanges.optional(),
  turnCount: z.number().int(),
  createdAt: z.number().int(),
  updatedAt: z.number().int(),
});
export type ConversationSummary = z.infer<typeof conversationSummary>;

export const conversation = conversationSummary.extend({
  /** From the first turn to the one on screen. */
  path: z.array(turn),
});
export type Conversation = z.infer<typeof conversation>;

/** What a stretch of a prompt is: 'template' is the chat form's own text, 'heading' Longleaf's. */
export const promptPartKind = z.enum(['template', 'heading', 'document', 'history', 'question']);

/** The prompt of a question, part by part, as the model gets it. */
export const seenPrompt = z.object({
  parts: z.array(
    z.object({
      kind: promptPartKind,
      documentId: z.string().optional(),
      /** Of a document that is not there as a whole. */
      range: labelledRange.optional(),
      text: z.string(), // of a long document, its beginning
      omitted: z.number().int(), // characters between `text` and `ending`, shown nowhere
      ending: z.string(),
      tokens: z.number().int(),
    }),
  ),
  total: z.number().int(),
  limit: z.number().int(),
  /** Documents the turn was about that have been deleted since. */
  missing: z.number().int(),
});
export type SeenPrompt = z.infer<typeof seenPrompt>;

const snippet = z.array(z.object({ text: z.string(), found: z.boolean() }));

/** What full-text search found, the best first. */
export const searchHits = z.object({
  documents: z.array(
    z.object({
      documentId: z.string(),
      anchorLabel: z.string(),
      /** Of the first word found, in the document's text. */
      start: z.number().int(),
      end: z.number().int(),
      snippet,
    }),
  ),
  turns: z.array(z.object({ turnId: z.string(), conversationId: z.string(), snippet })),
});
export type SearchHits = z.infer<typeof searchHits>;

/** The context meter: what the next question would cost, in tokens. */
export const contextUse = z.object({
  documents: z.array(z.object({ documentId: z.string(), tokens: z.number().int() })),
  history: z.number().int(),
  question: z.number().int(),
  template: z.number().int(), // the chat template's own tokens and headings between documents
  reply: z.number().int(), // room kept for the answer
  total: z.number().int(),
  limit: z.number().int(), // what the loaded model's session can hold
  fits: z.boolean(),
});
export type ContextUse = z.infer<typeof contextUse>;

/**
 * Where a reading's layers looked. The prompt up to the end of the documents is cut into stretches of equal length
 * in tokens.
 */
export const keptPlaces = z.object({
  /**
   * Layers (0-based) that left something out; per stretch the share of its tokens that a head keeps, on average, or
   * by blocks the share of what comes later that looks there.
   */
  layers: z.array(z.object({ layer: z.number().int(), shares: z.array(z.number()) })),
  /** Where each begins: which document of the conversation, and the place in its text, UTF-16 code units. */
  stretches: z.array(z.object({ document: z.number().int(), at: z.number().int() })),
});
export type KeptPlaces = z.infer<typeof keptPlaces>;

/** How far the engine has read a conversation's documents under the present model. */
export const readingState = z.object({
  conversationId: z.string(),
  /** 'saved': on disk, read again within the time the disk needs. */
  status: z.enum(['unread', 'reading', 'read', 'saved']),
  /** Slider position of the reading, when read or saved. */
  level: z.number().int().optional(),
  tokens: z.number().int().optional(),
  seconds: z.number().optional(),
  keptFraction: z.array(z.number()).optional(),
  keptPlaces: keptPlaces.optional(),
  /** Seconds it took to take the reading from disk, when that is where it came from. */
  restoredSeconds: z.number().optional(),
});
export type ReadingState = z.infer<typeof readingState>;

/** The readings on disk, used last first. */
export const savedReadings = z.object({
  readings: z.array(
    z.object({
      id: z.string(),
      documentIds: z.array(z.string()),
      ranges: documentRanges.optional(),
      modelTitle: z.string(),
      level: z.number().int(),
      tokens: z.number().int(),
      bytes: z.number(),
      seconds: z.number(), // that reading it took
      keep: z.boolean(), // never given up for another
      createdAt: z.number().int(),
      usedAt: z.number().int(),
    }),
  ),
  bytes: z.number(),
  limit: z.number(),
  /** Why the last one could not be saved. */
  failure: failure.optional(),
});
export type SavedReadings = z.infer<typeof savedReadings>;
