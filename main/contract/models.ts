// Models: GGUF files on this machine, what they are and how they may be sped up.
import { z } from 'zod';
import { attentionHeads, calibration } from './calibration.js';
import { failure } from './failure.js';

/** How keys and values are kept. */
export const kvType = z.enum(['f32', 'f16', 'q8_0']);
/** What runs a model; auto: a GPU that holds it, else the CPU. */
export const device = z.enum(['auto', 'cpu', 'cuda']);

export const modelInfo = z.object({
  architecture: z.string(),
  name: z.string(),
  licence: z.string(),
  quantisation: z.string(),
  chatTemplate: z.string(),
  bosToken: z.string(),
  eosToken: z.string(),
  addBos: z.boolean(),
  fingerprint: z.string(),
  fileBytes: z.number(),
  parameters: z.number(),
  contextLength: z.number().int(),
  layers: z.number().int(),
  embeddingLength: z.number().int(),
  ffnLength: z.number().int(),
  heads: z.number().int(),
  kvHeads: z.number().int(),
  headDim: z.number().int(),
  vocabSize: z.number().int(),
});
export type ModelInfo = z.infer<typeof modelInfo>;

export const memoryPlan = z.object({
  weightsBytes: z.number(),
  kvBytes: z.number(),
  scratchBytes: z.number(),
  totalBytes: z.number(),
  availableBytes: z.number(),
  contextTokens: z.number().int(),
  largestContextTokens: z.number().int(),
  fits: z.boolean(),
  kvType: kvType.optional(),
});
export type MemoryPlan = z.infer<typeof memoryPlan>;

/** A model in the list. `failure` says why a file cannot be used; it stays listed so it can be removed. */
export const modelCard = z.object({
  id: z.string(),
  path: z.string(),
  bundled: z.boolean(),
  title: z.string(),
  /** Plain words from the catalog on what a bundled model can and cannot do. */
  summary: z.string().optional(),
  limits: z.string().optional(),
  /** The slider position to start from. */
  defaultLevel: z.number().int().min(0).max(100),
  /** False: no sparsity profile was measured for this model; the paper's defaults apply. */
  profiled: z.boolean(),
  info: modelInfo.omit({ chatTemplate: true }).optional(),
  failure: z.object({ message: z.string(), hint: z.string().optional() }).optional(),
  /** The file is not the one that was added: another one lies in its place. */
  replaced: z.boolean().optional(),
  /** What it would take here, with the context the settings ask for. */
  memory: z
    .object({
      contextTokens: z.number().int(),
      totalBytes: z.number(),
      machineBytes: z.number(),
      fits: z.boolean(),
    })
    .optional(),
});
export type ModelCard = z.infer<typeof modelCard>;

/** Attention by blocks of keys; native/engine.h says what each means, and what stands for what is absent. */
export const blockPolicy = z.object({
  pattern: z.enum(['flex', 'stripes']),
  layers: z.array(z.number().int().nonnegative()),
  gamma: z.number().min(0).max(1).optional(),
  similarity: z.number().min(0).max(1).optional(),
  minTokens: z.number().int().nonnegative().optional(),
  sinks: z.number().int().nonnegative().optional(),
  local: z.number().int().nonnegative().optional(),
});
export type BlockPolicy = z.infer<typeof blockPolicy>;

/** What a slider position does: how tokens are selected, and where attention goes by blocks. */
export const sparsityLevel = z.object({
  level: z.number().int().min(0).max(100),
  /** Share of a layer's attention that dropped tokens may hold. */
  tau: z.number().min(0).lt(1),
  /** Instead of tau, where not 0: the share of tokens every head keeps. */
  keep: z.number().min(0).lt(1).optional(),
  /** Instead of the profile's. */
  layers: z.array(z.number().int().nonnegative()).optional(),
  /** First tokens, always kept. */
  sinks: z.number().int().nonnegative().optional(),
  /** The heads of a kv head keep the same tokens. */
  perGroup: z.boolean().optional(),
  blocks: blockPolicy.optional(),
});
export type SparsityLevel = z.infer<typeof sparsityLevel>;

/** A model file of another program's, offered where it lies. */
export const foundModel = z.object({
  path: z.string(),
  name: z.string(),
  source: z.enum(['LM Studio', 'Ollama', 'Jan', 'Hugging Face', 'llama.cpp']),
  bytes: z.number(),
});
export type FoundModel = z.infer<typeof foundModel>;

export const modelDownload = z.object({
  id: z.string(),
  url: z.string(),
  name: z.string(),
  state: z.enum(['running', 'done', 'stopped', 'failed']),
  bytesDone: z.number(),
  /** Null: the server does not say. */
  bytesTotal: z.number().nullable(),
  /** What was there already is being read again, to check the whole. */
  checking: z.boolean().optional(),
  /** Of the whole file, once it is there. */
  path: z.string().optional(),
  failure: failure.optional(),
});
export type ModelDownload = z.infer<typeof modelDownload>;

/** What a level did to a model's answers and to its work. */
export const evaluatedLevel = z.object({
  level: z.number().int().min(0).max(100),
  /** Questions about texts of one length, and how many of them were answered right. */
  asked: z.number().int().positive(),
  right: z.number().int().nonnegative(),
  /**
   * Of the causal pairs of a query and a key, the share that each layer computed, on average over heads and texts;
   * 1: all of them.
   */
  computedByLayer: z.array(z.number().min(0).max(1)),
});
export type EvaluatedLevel = z.infer<typeof evaluatedLevel>;

/** What was measured of a profile's levels before the model was shipped. */
export const evaluation = z.object({
  date: z.string(), // ISO 8601
  device: z.string(),
  lengths: z
    .array(
      z.object({
        /** Of each text. */
        tokens: z.number().int().positive(),
        /** Ascending, from 0. */
        levels: z.array(evaluatedLevel).min(1),
      }),
    )
    .min(1),
});
export type Evaluation = z.infer<typeof evaluation>;

/**
 * models/<file>.sparsity.json: from slider position to Token Sparse Attention, for one model.
 * `levels` ascends in level and falls in cost, starts dense at 0 and ends at level 100. Between two entries the
 * policy is the lower one's, and what both have as numbers (tau, keep, gamma) is interpolated linearly. Above the
 * dense one it is the upper one's, with keep and gamma running from 1; blocks without a gamma come at their level.
 */
export const sparsityProfile = z.object({
  version: z.literal(1),
  /** Layers (0-based) that may be sparse: drift at or under the delta-quantile. */
  layers: z.array(z.number().int().nonnegative()),
  window: z.number().int().positive(),
  minTokens: z.number().int().positive(),
  pool: z.number().int().positive(),
  levels: z.array(sparsityLevel).min(2),
  defaultLevel: z.number().int().min(0).max(100),
  /** How and when it was measured. */
  provenance: z.string(),
  /** Of this model before it was shipped; other machines take other times, but answers and work are alike. */
  evaluation: evaluation.optional(),
  /** Of this model on this machine. */
  calibration: calibration.optional(),
});
export type SparsityProfile = z.infer<typeof sparsityProfile>;

/** models/<file>.evidence.json: the attention heads that look up what the model answers with. */
export const evidenceProfile = z.object({
  version: z.literal(1),
  /** Of the model it was measured on; for another file it counts for nothing. */
  fingerprint: z.string(),
  heads: attentionHeads,
  /** How and when it was measured. */
  provenance: z.string(),
});
export type EvidenceProfile = z.infer<typeof evidenceProfile>;

/** models/catalog.json: the bundled models. */
export const catalog = z.object({
  version: z.literal(1),
  models: z.array(
    z.object({
      file: z.string(),
      title: z.string(),
      summary: z.string(),
      limits: z.string(),
      /** 'document': the bare document is the system message. 'instructed': with reading instructions. */
      promptStyle: z.enum(['document', 'instructed']),
    }),
  ),
});
export type Catalog = z.infer<typeof catalog>;
