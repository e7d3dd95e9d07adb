// Where a model's sparsity profile comes from: calibrated on this machine, else measured and shipped beside the
// file or in the models folder, else the constants of the Token Sparse Attention paper.
import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sparsityProfile, type CalibrationState, type SparsityProfile } from '../contract/index.js';
import { besideModel, readMeasured } from './beside-model.js';

type CalibratedModel = NonNullable<CalibrationState['model']>;

export interface FoundProfile {
  profile: SparsityProfile;
  /** 'calibrated': on this machine. 'paper': not measured for this model. */
  source: CalibratedModel['source'];
}

/** The model it is for: what calibrations are kept by, and how many layers the paper's profile has. */
export interface ProfileOf {
  fingerprint?: string;
  layers: number;
}

export async function findProfile(
  modelPath: string,
  modelsFolder: string,
  calibrations: string,
  { fingerprint, layers }: ProfileOf,
): Promise<FoundProfile> {
  const own = fingerprint
    ? await readMeasured(calibrationFile(calibrations, fingerprint), sparsityProfile)
    : undefined;
  if (own) return { profile: own, source: 'calibrated' };
  for (const path of besideModel(modelPath, modelsFolder, 'sparsity')) {
    const profile = await readMeasured(path, sparsityProfile);
    if (profile) return { profile, source: 'shipped' };
  }
  return { profile: paperProfile(layers), source: 'paper' };
}

/** Where calibrations are kept, in the data folder. */
export const calibrationsIn = (dataFolder: string) => join(dataFolder, 'sparsity');

/** Whole or not at all. The name of the file. */
export async function keepCalibrated(
  calibrations: string,
  fingerprint: string,
  profile: SparsityProfile,
): Promise<string> {
  const file = calibrationFile(calibrations, fingerprint);
  await mkdir(calibrations, { recursive: true });
  await writeFile(`${file}.part`, `${JSON.stringify(profile, null, 2)}\n`);
  await rename(`${file}.part`, file);
  return file;
}

/** Back to what came with the model. */
export async function forgetCalibrated(calibrations: string, fingerprint: string): Promise<void> {
  await rm(calibrationFile(calibrations, fingerprint), { force: true });
}

/** The same for profiles by which every level does the same. */
export function profileName({ layers, window, minTokens, pool, levels }: SparsityProfile): string {
  const acts = JSON.stringify({ layers, window, minTokens, pool, levels });
  return createHash('sha256').update(acts).digest('hex').slice(0, 16);
}

/** A fingerprint is hex digits; whatever else it might hold must not name a file elsewhere. */
function calibrationFile(calibrations: string, fingerprint: string): string {
  return join(calibrations, `${fingerprint.replace(/[^\w-]/g, '_')}.sparsity.json`);
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
