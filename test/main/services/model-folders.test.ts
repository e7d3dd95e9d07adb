// Other programs' folders as they lay them out, and what is no model in them.
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findModels, usualFolders } from '../../../main/services/model-folders.js';
import { newFolder, removeFolder } from './app-fixture.js';

let home: string;
beforeEach(() => (home = realpathSync(newFolder())));
afterEach(() => removeFolder(home));

function put(path: string, content = 'GGUF'): string {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
}

const found = (env: NodeJS.ProcessEnv = {}) => findModels(usualFolders(env, home));

describe('finds models', () => {
  test('of LM Studio, but no image parts and no second parts', async () => {
    const path = put('.lmstudio/models/org/repo/Qwen3-4B-Q4_K_M.gguf', 'x'.repeat(10));
    put('.lmstudio/models/org/repo/mmproj-model-f16.gguf');
    put('.lmstudio/models/org/big/big-00001-of-00002.gguf');
    put('.lmstudio/models/org/big/big-00002-of-00002.gguf');
    put('.lmstudio/models/org/repo/readme.md');
    expect(await found()).toEqual([
      expect.objectContaining({ name: 'big-00001-of-00002' }),
      { path, name: 'Qwen3-4B-Q4_K_M', source: 'LM Studio', bytes: 10 },
    ]);
  });

  test('of Ollama, by manifest', async () => {
    const digest = 'a'.repeat(64);
    const path = put(`.ollama/models/blobs/sha256-${digest}`);
    const layers = [
      { mediaType: 'application/vnd.ollama.image.template', digest: `sha256:${'b'.repeat(64)}` },
      { mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest}` },
    ];
    const manifests = '.ollama/models/manifests/registry.ollama.ai/library';
    put(`${manifests}/llama3.2/3b`, JSON.stringify({ layers }));
    put(`${manifests}/broken/latest`, '{');
    const escape = [{ ...layers[1], digest: 'sha256:../../../etc/passwd' }];
    put(`${manifests}/hostile/latest`, JSON.stringify({ layers: escape }));
    expect(await found()).toEqual([{ path, name: 'llama3.2:3b', source: 'Ollama', bytes: 4 }]);
  });

  test('of Jan, and in the cache of the Hugging Face hub through its links', async () => {
    const jan = put('.local/share/Jan/data/llamacpp/models/gemma-3-4b/model.gguf');
    const blob = put('.cache/huggingface/hub/models--org--name-GGUF/blobs/abc');
    const link = '.cache/huggingface/hub/models--org--name-GGUF/snapshots/rev/name-Q8_0.gguf';
    mkdirSync(dirname(join(home, link)), { recursive: true });
    symlinkSync(blob, join(home, link));
    expect(await found()).toEqual([
      { path: jan, name: 'gemma-3-4b', source: 'Jan', bytes: 4 },
      { path: blob, name: 'org/name-GGUF: name-Q8_0', source: 'Hugging Face', bytes: 4 },
    ]);
  });

  test('where environment variables say they are, each once', async () => {
    const path = put('elsewhere/models--a--b/snapshots/r/m.gguf');
    const env = { HF_HUB_CACHE: join(home, 'elsewhere'), LLAMA_CACHE: join(home, 'elsewhere') };
    expect((await found(env)).map((model) => model.path)).toEqual([path]);
  });

  test('nowhere: none', async () => {
    expect(await found()).toEqual([]);
  });
});
