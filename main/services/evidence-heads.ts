// Which attention heads of a model look up what it answers with: measured (test/eval/evidence.mjs) and shipped
// beside the model or in the models folder. Without them an answer shows what it quotes, and no more.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { evidenceProfile, type EvidenceProfile, type ModelCard } from '../contract/index.js';

export type Heads = EvidenceProfile['heads'];

export async function findEvidenceHeads(card: ModelCard, modelsFolder: string): Promise<Heads> {
  const name = `${basename(card.path).replace(/\.gguf$/i, '')}.evidence.json`;
  for (const folder of [dirname(card.path), modelsFolder]) {
    const profile = await readProfile(join(folder, name));
    if (profile && profile.fingerprint === card.info?.fingerprint) return profile.heads;
  }
  return [];
}

async function readProfile(path: string): Promise<EvidenceProfile | undefined> {
  try {
    const parsed = evidenceProfile.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
