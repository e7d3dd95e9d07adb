// What a calibration measured on this machine: which layers may be sparse and how, and what each level costs.
import { z } from 'zod';

/** [layer, query head], 0-based; the strongest first. */
export const attentionHeads = z
  .array(z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]))
  .max(16);
export type AttentionHeads = z.infer<typeof attentionHeads>;

export const measuredLevel = z.object({
  level: z.number().int().min(0).max(100),
  tau: z.number().min(0).lt(1),
  /** Of the whole document, read on its own. */
  readSeconds: z.number().positive(),
  /** Mean over all layers. */
  keptFraction: z.number().min(0).max(1),
  keptByLayer: z.array(z.number().min(0).max(1)),
  /** Planted facts that came back, of those asked for. */
  found: z.number().int().nonnegative(),
  asked: z.number().int().positive(),
});
export type MeasuredLevel = z.infer<typeof measuredLevel>;

/**
 * One choice of layers, as it did at the first level above 0: those of least drift or the profile's, whose heads
 * select tokens; or attention by blocks in nearly all.
 */
export const triedLayers = z.object({
  by: z.enum(['drift', 'profile', 'blocks']),
  layers: z.array(z.number().int().nonnegative()),
  measured: measuredLevel,
});
export type TriedLayers = z.infer<typeof triedLayers>;

export const calibration = z.object({
  date: z.string(), // ISO 8601
  device: z.string(),
  text: z.string(), // its name, for people
  tokens: z.number().int().positive(),
  /** Mean relative change of a token in each layer (Inter-Layer Representation Drift). */
  drift: z.array(z.number().nonnegative()),
  /** Quantile of drift up to which layers were tried. */
  delta: z.number().min(0).max(1),
  /** The better is the profile's. */
  tried: z.array(triedLayers),
  levels: z.array(measuredLevel).min(1),
  /** The attention heads that looked facts up while they were answered with; where answers come from. */
  heads: attentionHeads.optional(),
});
export type Calibration = z.infer<typeof calibration>;
