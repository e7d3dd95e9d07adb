// Models of other programs, and a download under way, for the window on its own.
import type { FoundModel, ModelDownload } from '../../main/contract/index.js';

export const foundModels: FoundModel[] = [
  {
    path: '/home/ada/.lmstudio/models/Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf',
    name: 'Qwen3-4B-Q4_K_M',
    source: 'LM Studio',
    bytes: 2_497_280_256,
  },
  {
    path: '/home/ada/.ollama/models/blobs/sha256-dde5aa3fc5ff',
    name: 'llama3.2:3b',
    source: 'Ollama',
    bytes: 2_019_377_376,
  },
];

export const startedDownload = (url: string): ModelDownload => ({
  id: 'download',
  url,
  name: url.slice(url.lastIndexOf('/') + 1),
  state: 'running',
  bytesDone: 1_250_000_000,
  bytesTotal: 2_497_280_256,
});
