// Which attention heads of a model look up what it answers with: measured (test/eval/evidence-heads.mjs) and shipped
// beside the model or in the models folder. Without them an answer shows what it quotes, and no more.
import { evidenceProfile, type EvidenceProfile, type ModelCard } from '../contract/index.js';
import { besideModel, readMeasured } from './beside-model.js';

export type Heads = EvidenceProfile['heads'];

export async function findEvidenceHeads(card: ModelCard, modelsFolder: string): Promise<Heads> {
  for (const path of besideModel(card.path, modelsFolder, 'evidence')) {
    const profile = await readMeasured(path, evidenceProfile);
    if (profile && profile.fingerprint === card.info?.fingerprint) return profile.heads;
  }
  return [];
}
