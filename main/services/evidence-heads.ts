// Which attention heads of a model look up what it answers with: found by a calibration on this machine, else
// measured (test/eval/evidence-heads.mjs) and shipped beside the model or in the models folder. Without them an
// answer shows what it quotes, and no more.
import { evidenceProfile, type AttentionHeads, type ModelCard } from '../contract/index.js';
import { besideModel, readMeasured } from './beside-model.js';
import type { FoundProfile } from './sparsity-profiles.js';

export async function findEvidenceHeads(
  { card, profile, source }: { card: ModelCard } & FoundProfile,
  modelsFolder: string,
): Promise<AttentionHeads> {
  const own = source === 'calibrated' ? profile.calibration?.heads : undefined;
  if (own) return own;
  for (const path of besideModel(card.path, modelsFolder, 'evidence')) {
    const profile = await readMeasured(path, evidenceProfile);
    if (profile && profile.fingerprint === card.info?.fingerprint) return profile.heads;
  }
  return [];
}
