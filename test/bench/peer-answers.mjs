// Whether llama.cpp (through node-llama-cpp) gives the answers that Longleaf's engine gives: greedy, on the same
// file, documents and questions. Development only; needs `npm install` in this folder.
//
//   python3 -m train.sheets ask --out S.json …          (models/train/README.md)
//   node test/eval/sheets.mjs --sheets S.json --out A.json --device cpu
//   node test/bench/peer-answers.mjs --model models/longleaf-mini.gguf --sheets S.json --answers A.json [--threads 2]
//
// Prints where they part. Both round K and V to f16 but sum in another order, so where two words are about as
// likely they may.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openLlama } from './llama.mjs';

const LONGEST_ANSWER = 160; // as test/eval/sheets.mjs
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    sheets: { type: 'string' },
    answers: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});
if (!values.model || !values.sheets || !values.answers)
  throw new Error('--model, --sheets and --answers are needed');

const papers = JSON.parse(readFileSync(values.sheets, 'utf8'));
const { dense: ours } = JSON.parse(readFileSync(values.answers, 'utf8'));
const { llama, model, sequenceOf } = await openLlama(values.model, Number(values.threads));

async function answered(sequence, prompt) {
  const tokens = [];
  for await (const token of sequence.evaluate(prompt, { temperature: 0 })) {
    if (model.isEogToken(token) || tokens.push(token) === LONGEST_ANSWER) break;
  }
  return model.detokenize(tokens).trim();
}

let same = 0;
let asked = 0;
for (const [number, { tokens, prompts }] of papers.entries()) {
  const { context, sequence } = await sequenceOf(tokens.length + 512);
  await sequence.evaluateWithoutGeneratingNewTokens(tokens);
  for (const [at, prompt] of prompts.entries()) {
    await sequence.eraseContextTokenRanges([
      { start: tokens.length, end: sequence.nextTokenIndex },
    ]);
    const theirs = await answered(sequence, prompt);
    asked++;
    if (theirs === ours[number][at].trim()) same++;
    else
      console.log(
        `document ${number + 1}, question ${at + 1}:\n  ours   ${ours[number][at]}\n  theirs ${theirs}`,
      );
  }
  await context.dispose();
}
console.log(`${same} of ${asked} answers are the same`);
await llama.dispose();
process.exit(0);
