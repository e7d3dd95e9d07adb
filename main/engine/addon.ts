// The only file that loads the native binary. In the repository it is where CMake puts it; in a packaged app
// it lies outside the archive, since the system cannot load code from inside one.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Addon } from '../../native/addon/index.js';
import { FailureError } from '../contract/index.js';

const built = join('native', 'build', 'Release', 'longleaf.node');

export function loadAddon(): Addon {
  const places = candidates();
  const path = places.find((place) => existsSync(place));
  if (!path) {
    throw new FailureError(
      'internal',
      'Longleaf’s native engine is missing, so no model can run.',
      'In a copy of the sources, run “npm start”, which builds it. Otherwise install Longleaf again.',
    );
  }
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FailureError(
      'internal',
      `Longleaf’s native engine could not be loaded: ${reason}`,
      'It may have been built for another system. Install Longleaf again, or run “npm start” to build it.',
    );
  }
}

/** LONGLEAF_ADDON, the packaged app's unpacked folder, then every folder above this file. */
function candidates(): string[] {
  const chosen = process.env.LONGLEAF_ADDON;
  if (chosen) return [chosen];
  const { resourcesPath } = process as { resourcesPath?: string };
  const packaged = resourcesPath ? [join(resourcesPath, 'app.asar.unpacked', built)] : [];
  const above: string[] = [];
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    above.push(join(at.replace(/\.asar$/, '.asar.unpacked'), built));
  }
  return [...packaged, ...above];
}
