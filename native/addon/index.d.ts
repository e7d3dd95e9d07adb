// What the binary offers to TypeScript. Hand-written; test/main/engine/addon.test.ts holds it to the truth.
// Errors thrown or rejected carry `code` (a native FailureCode) and `hint`.

export type KvType = 'f32' | 'f16' | 'q8_0';
export type Device = 'auto' | 'cpu' | 'cuda';
export type Simd = 'auto' | 'scalar' | 'avx2' | 'avx512';

export interface LoadOptions {
  path: string;
  /** 0 or absent: one per core this process may use. */
  threads?: number;
  kvType?: KvType;
  /** 0 or absent: what the model declares, less if memory does not allow it. */
  contextTokens?: number;
  simd?: Simd;
  /**
   * 'auto' or absent: a GPU that works and holds model and context, else the CPU, and the plan's note says
   * why. 'cuda' rejects with bad_request without a usable GPU.
   */
  device?: Device;
  /** Most memory of a GPU the engine may take. 0 or absent: what is free. */
  vramLimitBytes?: number;
  /** True: K and V in q8_0 where kvType does not hold the context. */
  allowQ8Kv?: boolean;
}

export interface ModelInfo {
  architecture: string;
  name: string;
  licence: string;
  quantisation: string;
  /** Jinja source; '' when the file has none. */
  chatTemplate: string;
  bosToken: string;
  eosToken: string;
  addBos: boolean;
  fingerprint: string;
  fileBytes: number;
  parameters: number;
  contextLength: number;
  layers: number;
  embeddingLength: number;
  ffnLength: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabSize: number;
}

export interface MemoryPlan {
  weightsBytes: number;
  kvBytes: number;
  scratchBytes: number;
  totalBytes: number;
  availableBytes: number;
  contextTokens: number;
  largestContextTokens: number;
  fits: boolean;
  kvType: KvType;
  /** For people, where device or KV type are a second choice; else ''. */
  note: string;
}

/** Only the chat template's own text may be `special`. */
export interface Segment {
  text: string;
  special: boolean;
}

/** Token Sparse Attention, or one of its variants, for one prefill; native/engine.h says what each means. */
export interface Sparsity {
  tau: number;
  layers: number[];
  window: number;
  minTokens: number;
  pool: number;
  /** Instead of tau, where not 0: the share of tokens every head keeps. */
  keep?: number;
  /** First tokens, always kept. */
  sinks?: number;
  /** The heads of a kv head keep the same tokens. */
  perGroup?: boolean;
  /** Dropped tokens are dropped as keys alone. On the CPU only. */
  keysOnly?: boolean;
  /** Beside it: on what a layer keeps, and in other layers. */
  blocks?: BlockSparsity;
}

/** Block-sparse attention; native/engine.h says what each means, and what stands for what is absent. */
export interface BlockSparsity {
  pattern: 'flex' | 'stripes';
  layers: number[];
  gamma?: number;
  similarity?: number;
  minTokens?: number;
  sinks?: number;
  local?: number;
}

export interface Sampling {
  temperature?: number;
  topK?: number;
  topP?: number;
  minP?: number;
  repetitionPenalty?: number;
  repetitionWindow?: number;
  seed?: number;
}

export interface ReadingProgress {
  tokensDone: number;
  tokensTotal: number;
  seconds: number;
}

export interface ReadResult {
  cancelled: boolean;
  reusedTokens: number;
  readTokens: number;
  seconds: number;
  /** One per layer; 1 is dense. */
  keptFraction: number[];
  /** One per layer: the share of blocks that attention looked into; 1 is all. */
  blockFraction: number[];
  /**
   * (layers, 128): where a layer looked. The text in stretches of equal length, position p of S in p * 128 / S,
   * and of each the share of its tokens that a head keeps or, in a layer that goes by blocks alone, of later
   * queries that look there; empty when no layer was to leave anything out.
   */
  keptPlaces: Float32Array;
}

export interface SaveResult {
  /** False: cancelled, and no file was left. */
  saved: boolean;
  bytes: number;
  seconds: number;
}

export interface RestoreResult {
  /**
   * 'no_gain': the session holds as much already. 'foreign': of another model file, KV type or version.
   * 'damaged': cut short or changed; never used, and the session may be empty.
   */
  outcome: 'restored' | 'no_gain' | 'cancelled' | 'missing' | 'foreign' | 'damaged';
  /** That a read of the same tokens now finds. */
  tokens: number;
  seconds: number;
  /** Of the read that was saved: one per layer, 1 is dense; empty unless restored. */
  keptFraction: number[];
  /** For people, where the file is of no use. */
  reason: string;
}

export interface DriftResult {
  cancelled: boolean;
  seconds: number;
  /** One per layer: mean relative change of a token; empty when cancelled. */
  layers: number[];
}

export interface GenerateOptions {
  sampling?: Sampling;
  maxTokens?: number;
  /** [layer, query head]: whose attention to the first `watchPositions` tokens is told. */
  watch?: [number, number][];
  watchPositions?: number;
  stop?: string[];
}

export interface GenerateResult {
  reason: 'stop' | 'length' | 'cancelled' | 'context_full';
  tokens: number;
  firstTokenSeconds: number;
  seconds: number;
  /** (watch, watchPositions): mean over the generated tokens; empty when cancelled or none was asked for. */
  attention: Float32Array;
}

export interface NativeSession {
  /** One call at a time; a second while one runs rejects with bad_request. */
  read(
    tokens: Int32Array,
    sparsity: Sparsity | null,
    onProgress: (progress: ReadingProgress) => void,
  ): Promise<ReadResult>;
  /** Reads two tokens or more densely and measures how far each layer moves them; the session holds them then. */
  drift(tokens: Int32Array, onProgress: (progress: ReadingProgress) => void): Promise<DriftResult>;
  /** `onText` gets valid UTF-8, several tokens at once when the event loop was busy. */
  generate(
    options: GenerateOptions,
    onText: (text: string, tokens: number) => void,
  ): Promise<GenerateResult>;
  /** One per word of the vocabulary, after the last token; empty when cancelled. For tests and evaluations. */
  logits(): Promise<Float32Array>;
  rewind(length: number): void;
  /**
   * Writes what was read of the first `length` tokens to a file, whole or not at all; a sparse reading is
   * saved whole or not at all, too. Rejects with storage.
   */
  save(path: string, length: number): Promise<SaveResult>;
  /** Takes from such a file what a read of `tokens` would keep, if that is more than the session has. */
  restore(
    path: string,
    tokens: Int32Array,
    sparsity: Sparsity | null,
    onProgress: (progress: ReadingProgress) => void,
  ): Promise<RestoreResult>;
  readonly length: number;
  cancel(): void;
  close(): void;
}

export interface NativeEngine {
  readonly info: ModelInfo;
  readonly memory: MemoryPlan;
  readonly device: string;
  tokenize(segments: Segment[]): Promise<Int32Array>;
  detokenize(tokens: Int32Array): string;
  openSession(): NativeSession;
  /** Waits for running calls, then frees the model. Idempotent. */
  close(): Promise<void>;
}

export interface Addon {
  version: string;
  /** Codes an EngineError can carry; a test compares them with main/contract/failure.ts. */
  errorCodes: string[];
  inspect(path: string): Promise<ModelInfo>;
  plan(options: LoadOptions): Promise<MemoryPlan>;
  /** Layers whose share of all drift is at most the delta-quantile of the shares: those that may be sparse. */
  quietLayers(drift: number[], delta: number): number[];
  load(options: LoadOptions, onProgress?: (fraction: number) => void): Promise<NativeEngine>;
}
