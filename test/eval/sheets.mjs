// Answers the questions of `python3 -m train.sheets ask` with the engine, each right after its document, once
// per setting; the document is read once for all of them.
//
//   node test/eval/sheets.mjs --sheets S.json --out A.json [--model FILE.gguf] [--settings dense,75,4.5.6.7@0.02]
//
// A setting is `dense`, a level of the model's profile, or sparse layers and tau as LAYERS@TAU. Judge with
// `python3 -m train.sheets judge`.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredBeside, readProfile, sparsityAt } from './configurations.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    sheets: { type: 'string' },
    out: { type: 'string' },
    model: { type: 'string', default: here('../../models/longleaf-mini.gguf') },
    settings: { type: 'string', default: 'dense' },
    device: { type: 'string', default: 'auto' },
    addon: { type: 'string', default: here('../../native/build/Release/longleaf.node') },
  },
});
const LONGEST_ANSWER = 160;

function sparsityOf(setting) {
  if (setting === 'dense') return null;
  if (!setting.includes('@'))
    return sparsityAt(
      Number(setting),
      readProfile(measuredBeside(values.model, 'sparsity')),
      engine.info.layers,
    );
  const [layers, tau] = setting.split('@');
  return {
    layers: layers.split('.').map(Number),
    tau: Number(tau),
    window: 128,
    minTokens: 256,
    pool: 7,
  };
}

async function answersOn(session, paper, sparsity) {
  const document = Int32Array.from(paper.tokens);
  const { keptFraction } = await session.read(document, sparsity, () => {});
  const answers = [];
  for (const prompt of paper.prompts) {
    session.rewind(document.length);
    await session.read(Int32Array.from([...paper.tokens, ...prompt]), sparsity, () => {});
    let text = '';
    await session.generate({ maxTokens: LONGEST_ANSWER }, (piece) => (text += piece));
    answers.push(text);
  }
  return { answers, keptFraction };
}

const papers = JSON.parse(readFileSync(values.sheets, 'utf8'));
const addon = createRequire(import.meta.url)(values.addon);
const longest = Math.max(...papers.map((paper) => paper.tokens.length));
const engine = await addon.load({
  path: values.model,
  device: values.device,
  contextTokens: Math.min(131072, longest + 512),
});
const results = {};
for (const setting of values.settings.split(',')) {
  results[setting] = [];
  const kept = [];
  const begun = Date.now();
  const sparsity = sparsityOf(setting);
  for (const paper of papers) {
    const session = engine.openSession();
    const { answers, keptFraction } = await answersOn(session, paper, sparsity);
    session.close();
    results[setting].push(answers);
    kept.push(keptFraction);
    writeFileSync(values.out, JSON.stringify(results));
  }
  const mean = kept[0].map(
    (_, layer) => kept.reduce((sum, one) => sum + one[layer], 0) / kept.length,
  );
  console.log(
    `${setting}: ${Math.round((Date.now() - begun) / 1000)} s, kept ${mean.map((x) => x.toFixed(3)).join(' ')}`,
  );
}
await engine.close();
