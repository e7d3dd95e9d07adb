// Where this copy of Longleaf keeps its own files, and where it keeps the user's.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Bundled, this file is part of dist/main/<entry>.js; run from source it sits in main/shell. Two up either way.
const home = new URL('../../', import.meta.url);

export const windowFolder = fileURLToPath(new URL('dist/renderer/', home));
export const preloadFile = fileURLToPath(new URL('dist/main/preload.cjs', home));
/** In a checkout. A packaged app has the models outside its archive and says so itself. */
export const checkoutModels = fileURLToPath(new URL('models/', home));

export function ownVersion(): string {
  const text = readFileSync(new URL('package.json', home), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The platform's usual place for an application's data; LONGLEAF_DATA replaces it. */
export function defaultDataFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  userHome: string = homedir(),
): string {
  if (env.LONGLEAF_DATA) return env.LONGLEAF_DATA;
  if (platform === 'darwin') return join(userHome, 'Library', 'Application Support', 'Longleaf');
  if (platform === 'win32') {
    return join(env.APPDATA || join(userHome, 'AppData', 'Roaming'), 'Longleaf');
  }
  // The XDG specification: a relative path must be ignored.
  const xdg = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : undefined;
  return join(xdg ?? join(userHome, '.local', 'share'), 'longleaf');
}
