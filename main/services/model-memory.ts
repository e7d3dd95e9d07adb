// About what a model takes of this machine, from its header alone. The engine's own plan, made when it loads,
// is exact and has the last word.
import { totalmem } from 'node:os';
import type { MemoryPlan, ModelCard, ModelInfo, Settings } from '../contract/index.js';

/** Tokens of a context when the settings leave it to the machine: what a long document needs at least. */
const usualContext = 16_384;
/** Of the machine's memory; the rest is the system's. */
const usable = 0.9;
const bytesOfKv = { f32: 4, f16: 2, q8_0: 34 / 32 } as const;
const chunkRows = 512;

export function memoryOf(
  info: Omit<ModelInfo, 'chatTemplate'>,
  { contextTokens, kvType }: Pick<Settings, 'contextTokens' | 'kvType'>,
  machineBytes = totalmem(),
): NonNullable<ModelCard['memory']> {
  const wanted = contextTokens > 0 ? contextTokens : usualContext;
  const tokens = Math.min(wanted, info.contextLength);
  const kv = 2 * info.layers * info.kvHeads * info.headDim * bytesOfKv[kvType] * tokens;
  const row = info.embeddingLength + 2 * info.ffnLength + 4 * info.heads * info.headDim;
  const scratch = tokens * (info.embeddingLength + 6 * info.heads) * 4 + chunkRows * row * 4;
  const totalBytes = Math.round(info.fileBytes + kv + scratch);
  return {
    contextTokens: tokens,
    totalBytes,
    machineBytes,
    fits: totalBytes <= machineBytes * usable,
  };
}

/**
 * About what the memory of a loaded model would hold with keys and values in 8 bits; 0: memory is not its limit,
 * or 8 bits are no option. On the cautious side: work space is taken to grow with the context throughout.
 */
export function q8ContextOf(
  { contextLength, headDim }: Pick<ModelInfo, 'contextLength' | 'headDim'>,
  memory: MemoryPlan,
): number {
  const { contextTokens, kvType = 'f16', weightsBytes, kvBytes, scratchBytes } = memory;
  if (contextTokens >= contextLength || kvType === 'q8_0' || headDim % 32 !== 0) return 0;
  const kv = ((kvBytes / contextTokens) * bytesOfKv.q8_0) / bytesOfKv[kvType];
  const room = memory.availableBytes - weightsBytes;
  const tokens = Math.floor(room / (kv + scratchBytes / contextTokens) / 256) * 256;
  return Math.max(0, Math.min(tokens, contextLength));
}
