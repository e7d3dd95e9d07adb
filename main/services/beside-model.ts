// What was measured of a model and ships with it: JSON beside its file, or in the models folder.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';

/** Where `NAME.KIND.json` of a model `NAME.gguf` may lie, the first that counts first. */
export function besideModel(modelPath: string, modelsFolder: string, kind: string): string[] {
  const name = `${basename(modelPath).replace(/\.gguf$/i, '')}.${kind}.json`;
  return [dirname(modelPath), modelsFolder].map((folder) => join(folder, name));
}

/** Undefined when there is no such file or it is not what it should be: the model works without. */
export async function readMeasured<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
