// GGUF files that other programs keep on this machine: offered where they lie, never copied or changed.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import type { FoundModel } from '../contract/index.js';

/** Where to look; `layout` says how names come about. */
export interface ModelFolder {
  source: FoundModel['source'];
  path: string;
  layout: 'files' | 'ollama' | 'hub';
}

const deepest = 6;
/** Entries looked at in one folder: more is not a folder of models. */
const mostEntries = 20_000;

export function usualFolders(
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
): ModelFolder[] {
  const local = env['XDG_DATA_HOME'] ?? join(home, '.local', 'share');
  const support = join(home, 'Library', 'Application Support');
  const roaming = env['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  const cache = env['XDG_CACHE_HOME'] ?? join(home, '.cache');
  const files = (source: FoundModel['source'], ...paths: string[]) =>
    paths.map((path) => ({ source, path, layout: 'files' as const }));
  return [
    ...files(
      'LM Studio',
      join(home, '.lmstudio', 'models'),
      join(home, '.cache', 'lm-studio', 'models'),
    ),
    ...files(
      'Jan',
      ...[local, support, roaming].map((place) => join(place, 'Jan', 'data')),
      join(home, 'jan', 'models'),
    ),
    {
      source: 'Ollama',
      path: env['OLLAMA_MODELS'] ?? join(home, '.ollama', 'models'),
      layout: 'ollama',
    },
    { source: 'Ollama', path: '/usr/share/ollama/.ollama/models', layout: 'ollama' },
    {
      source: 'Hugging Face',
      path: env['HF_HUB_CACHE'] ?? join(env['HF_HOME'] ?? join(cache, 'huggingface'), 'hub'),
      layout: 'hub',
    },
    ...files('llama.cpp', env['LLAMA_CACHE'] ?? join(cache, 'llama.cpp')),
  ];
}

/** By name; each file once. A folder that is not there or cannot be read has none. */
export async function findModels(folders: ModelFolder[] = usualFolders()): Promise<FoundModel[]> {
  const found = await Promise.all(folders.map(modelsIn));
  const once = new Map<string, FoundModel>();
  for (const model of found.flat()) {
    const real = await realpath(model.path).catch(() => undefined);
    if (real && !once.has(real)) once.set(real, { ...model, path: real });
  }
  return [...once.values()].sort((a, b) => a.name.localeCompare(b.name));
}

async function modelsIn(folder: ModelFolder): Promise<FoundModel[]> {
  if (folder.layout === 'ollama') return ollamaModels(folder);
  const paths = await filesUnder(folder.path, (name) => isModel(name));
  return described(
    folder,
    paths.map((path) => ({ path, name: nameOf(folder, path) })),
  );
}

async function described(
  { source }: ModelFolder,
  files: { path: string; name: string }[],
): Promise<FoundModel[]> {
  const models = files.map(async ({ path, name }) => {
    const file = await stat(path).catch(() => undefined);
    return file?.isFile() ? { path, name, source, bytes: file.size } : undefined;
  });
  return (await Promise.all(models)).filter((model) => model !== undefined);
}

/** Not the image parts of models that see, and of a model in parts only the first. */
function isModel(name: string): boolean {
  if (!/\.gguf$/i.test(name) || /mmproj/i.test(name)) return false;
  const part = /-(\d{5})-of-\d{5}\.gguf$/i.exec(name);
  return !part || part[1] === '00001';
}

/** "publisher/model/file" where folders say so; a snapshot of the hub names its repository. */
function nameOf({ layout, path: root }: ModelFolder, path: string): string {
  const file = basename(path).replace(/\.gguf$/i, '');
  const repository = /models--([^/\\]+)/.exec(path.slice(root.length))?.[1];
  if (layout === 'hub' && repository) return `${repository.replaceAll('--', '/')}: ${file}`;
  if (file !== 'model') return file;
  return path.slice(root.length).split(/[/\\]/).at(-2) ?? file; // Jan names the folder
}

/** Breadth first, links to files followed, to folders not. */
async function filesUnder(root: string, wanted: (name: string) => boolean): Promise<string[]> {
  const paths: string[] = [];
  let folders = [root];
  let entries = 0;
  for (let depth = 0; depth < deepest && folders.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of folders) {
      const content = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of content) {
        if ((entries += 1) > mostEntries) return paths;
        const path = join(folder, entry.name);
        if (entry.isDirectory()) next.push(path);
        else if (wanted(entry.name)) paths.push(path);
      }
    }
    folders = next;
  }
  return paths;
}

/** Manifests name a model and its tag, and the blob that holds its weights by digest. */
async function ollamaModels(folder: ModelFolder): Promise<FoundModel[]> {
  const manifests = join(folder.path, 'manifests');
  const files = await filesUnder(manifests, () => true);
  const named = files.map(async (path) => {
    const digest = weightsDigest(await readFile(path, 'utf8').catch(() => ''));
    if (!digest) return undefined;
    const [name, tag] = path.slice(manifests.length).split(/[/\\]/).slice(-2);
    return {
      path: join(folder.path, 'blobs', digest.replace(':', '-')),
      name: `${name}:${tag}`,
    };
  });
  return described(
    folder,
    (await Promise.all(named)).filter((each) => each !== undefined),
  );
}

function weightsDigest(manifest: string): string | undefined {
  try {
    const { layers } = JSON.parse(manifest) as {
      layers?: { mediaType?: string; digest?: string }[];
    };
    const layer = layers?.find(
      ({ mediaType }) => mediaType === 'application/vnd.ollama.image.model',
    );
    return layer?.digest && /^sha256:[0-9a-f]{64}$/.test(layer.digest) ? layer.digest : undefined;
  } catch {
    return undefined;
  }
}
