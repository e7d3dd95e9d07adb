// Speaks the engine's protocol without a model: a token is a word, and the question says how to behave.
import type {
  EngineEvent,
  EngineRequest,
  ModelInfo,
  Prompt,
} from '../../../main/contract/index.js';

const send = (event: EngineEvent) => process.send?.(event);
const words = (text: string) => text.split(/\s+/).filter(Boolean);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const info: ModelInfo = {
  architecture: 'llama',
  name: 'Fake',
  licence: 'MIT',
  quantisation: 'Q8_0',
  chatTemplate: '',
  bosToken: '',
  eosToken: '',
  addBos: false,
  fingerprint: 'fake',
  fileBytes: 29_000_000,
  parameters: 28_000_000,
  contextLength: 131072,
  layers: 2,
  embeddingLength: 8,
  ffnLength: 8,
  heads: 1,
  kvHeads: 1,
  headDim: 8,
  vocabSize: 100,
};

function measured(id: string, prompt: Prompt): EngineEvent {
  const documents = prompt.documents.map(({ text }) => words(text).length);
  const question = words(prompt.question ?? '').length;
  const total = documents.reduce((sum, each) => sum + each, 0) + question + 10;
  return { type: 'measured', id, documents, history: 0, question, template: 10, total };
}

const cancelled = new Set<string>();

async function readAll(id: string, prompt: Prompt, level: number) {
  const event = measured(id, prompt);
  const total = event.type === 'measured' ? event.total : 0;
  const slow = prompt.question?.includes('slowly') ? 100 : 1;
  for (let step = 1; step <= 4 * slow && !cancelled.has(id); step += 1) {
    const tokensDone = Math.floor((total * step) / (4 * slow));
    send({ type: 'reading', id, tokensDone, tokensTotal: total, seconds: step / 10 });
    await pause(slow > 1 ? 50 : 1);
  }
  return {
    ...{ promptTokens: total, reusedTokens: 0, readTokens: total, seconds: 0.4, level },
    keptFraction: [1, level > 0 ? 0.5 : 1],
  };
}

async function answer(request: Extract<EngineRequest, { type: 'ask' }>): Promise<void> {
  const { id, prompt, maxTokens } = request;
  const question = prompt.question ?? '';
  if (question.includes('die')) process.exit(9);
  const stats = await readAll(id, prompt, request.level);
  const wanted = /^What is the (.*)\?$/.exec(question)?.[1];
  const fact =
    wanted && new RegExp(`The ${wanted} is (\\d+)`).exec(prompt.documents[0]?.text ?? '');
  const said = question.startsWith('Say: ') ? question.slice(5) : undefined;
  // Above level 50 it no longer finds facts.
  const reply = said ?? (fact && request.level <= 50 ? fact[0] : 'I do not know.');
  const pieces = reply.split(/(?<= )/).slice(0, maxTokens);
  if (!cancelled.has(id)) {
    for (const text of pieces) {
      send({ type: 'token', id, text });
      await pause(2);
    }
  }
  const full = pieces.join('') === reply;
  send({
    ...{ type: 'answered', id, stats, firstTokenSeconds: 0.01 },
    reason: cancelled.has(id) ? 'cancelled' : full ? 'stop' : 'length',
    ...{ answerTokens: pieces.length, answerSeconds: 0.1 },
  });
}

async function serve(request: EngineRequest): Promise<void> {
  const { id } = request;
  if (request.type === 'cancel') cancelled.add(id);
  else if (request.type === 'inspect') {
    if (request.path.includes('broken')) {
      const message = 'broken.gguf is cut short: tensor 3 ends after the file does.';
      send({
        type: 'failed',
        id,
        failure: { code: 'bad_model', message, hint: 'Download it again.' },
      });
    } else send({ type: 'inspected', id, info });
  } else if (request.type === 'load') {
    const contextTokens = request.options.contextTokens || 4000;
    const memory = {
      ...{ weightsBytes: 1, kvBytes: 1, scratchBytes: 1, totalBytes: 3, availableBytes: 9 },
      ...{ contextTokens, largestContextTokens: 8000, fits: true },
    };
    send({ type: 'loading', id, fraction: 0.5 });
    send({ type: 'loaded', id, info, memory, device: 'pretence' });
  } else if (request.type === 'measure') send(measured(id, request.prompt));
  else if (request.type === 'drift') {
    const tokens = Math.min(request.mostTokens, words(request.text).length);
    send({ type: 'reading', id, tokensDone: tokens, tokensTotal: tokens, seconds: 0.1 });
    const drifted = { drift: [2, 1], layers: request.delta > 0 ? [1] : [] };
    send({ type: 'drifted', id, cancelled: false, tokens, seconds: 0.1, ...drifted });
  } else if (request.type === 'read') {
    const stats = await readAll(id, request.prompt, request.level);
    send({ type: 'read', id, cancelled: cancelled.has(id), stats });
  } else if (request.type === 'ask') await answer(request);
}

process.on('message', (message) => void serve(message as EngineRequest));
process.on('disconnect', () => process.exit(0));
send({ type: 'started' });
