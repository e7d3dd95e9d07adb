// llama.cpp as node-llama-cpp packages it, for a fair comparison on the CPU: as many threads as asked for (the
// package's own default is far fewer than there are cores) and flash attention.
import { getLlama } from 'node-llama-cpp';

/** `sequenceOf(tokens)`: a new context that holds so many, and its sequence. */
export async function openLlama(modelPath, threads) {
  const llama = await getLlama({ gpu: false, maxThreads: threads, build: 'never' });
  const model = await llama.loadModel({ modelPath });
  const sequenceOf = async (contextSize) => {
    const context = await model.createContext({
      contextSize,
      batchSize: 512,
      threads: { ideal: threads, min: threads },
      flashAttention: true,
    });
    return { context, sequence: context.getSequence() };
  };
  return { llama, model, sequenceOf };
}
