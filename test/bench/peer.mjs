// Prefill and decode speed of llama.cpp (through node-llama-cpp) on a GGUF file, for a comparison on the
// same machine and file as `longleaf bench`. Development only; needs `npm install` in this folder.
//
//   node test/bench/peer.mjs --model models/longleaf-mini.gguf --tokens 2048,8192,16384 --threads 2
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openLlama } from './llama.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    tokens: { type: 'string', default: '2048,8192,16384' },
    threads: { type: 'string', default: '2' },
    decode: { type: 'string', default: '64' },
    text: {
      type: 'string',
      default: fileURLToPath(new URL('../fixtures/novel.txt', import.meta.url)),
    },
  },
});
if (!values.model) throw new Error('--model FILE.gguf is needed');

const lengths = values.tokens.split(',').map(Number);
const decodeTokens = Number(values.decode);

const { llama, model, sequenceOf } = await openLlama(values.model, Number(values.threads));
const text = readFileSync(values.text, 'utf8');
const book = model.tokenize(text);

for (const length of lengths) {
  const { context, sequence } = await sequenceOf(length + decodeTokens + 32);
  const tokens = Array.from({ length }, (_, i) => book[i % book.length]);
  const before = performance.now();
  await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(0, -1));
  const prefill = (performance.now() - before) / 1000;
  let produced = 0;
  let last = before;
  let first = 0;
  for await (const token of sequence.evaluate(tokens.slice(-1), { temperature: 0 })) {
    void token;
    last = performance.now();
    if (produced === 0) first = last;
    if (++produced > decodeTokens) break;
  }
  const decode = (produced - 1) / ((last - first) / 1000);
  console.log(
    JSON.stringify({
      tokens: length,
      prefillSeconds: +prefill.toFixed(2),
      prefillTokensPerSecond: +(length / prefill).toFixed(1),
      decodeTokensPerSecond: +decode.toFixed(1),
      peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    }),
  );
  await context.dispose();
}
await llama.dispose();
process.exit(0);
