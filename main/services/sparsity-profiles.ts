// Where a model's sparsity profile comes from: measured and shipped beside the file or in the models folder,
// else the constants of the Token Sparse Attention paper.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sparsityProfile, type SparsityProfile } from '../contract/index.js';

export interface FoundProfile {
  profile: SparsityProfile;
  /** False: not measured for this model. */
  measured: boolean;
}

export async function findProfile(
  modelPath: string,
  modelsFolder: string,
  layers: number,
): Promise<FoundProfile> {
  const name = `${basename(modelPath).replace(/\.gguf$/i, '')}.sparsity.json`;
  for (const folder of [dirname(modelPath), modelsFolder]) {
    const profile = await readProfile(join(folder, name));
    if (profile) return { profile, measured: true };
  }
  return { profile: paperProfile(layers), measured: false };
}

/** Undefined when there is no such file or it is not a profile: the model still works, by the paper. */
async function readProfile(path: string): Promise<SparsityProfile | undefined> {
  try {
    const parsed = sparsityProfile.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Second half of the layers but the last, window 128, at least 1024 tokens, pool 7; .005 at level 25. */
export function paperProfile(layers: number): SparsityProfile {
  const first = Math.floor(layers / 2);
  return {
    version: 1,
    layers: Array.from({ length: Math.max(0, layers - 1 - first) }, (_, index) => first + index),
    window: 128,
    minTokens: 1024,
    pool: 7,
    levels: [
      { level: 0, tau: 0 },
      { level: 25, tau: 0.005 },
      { level: 50, tau: 0.01 },
      { level: 75, tau: 0.02 },
      { level: 100, tau: 0.05 },
    ],
    defaultLevel: 25,
    provenance: 'Not measured on this model: the constants of arXiv 2602.03216.',
  };
}
