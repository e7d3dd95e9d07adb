// Which heads look up what a model answers with: those that attend to a planted fact while its answer is written.
// Prints the profile that the app finds beside the model.
//
//   npx node test/eval/evidence-heads.mjs [--model FILE.gguf] > models/NAME.evidence.json
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Template } from '@huggingface/jinja';

const repo = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: { model: { type: 'string', default: join(repo, 'models/longleaf-mini.gguf') } },
});
/** Of test/fixtures/novel.txt, for a text of about 4,000 tokens. */
const characters = 14_120;

const facts = [
  ['The access code of the gilded ferry is 48213.', 'What is the access code of the gilded ferry?'],
  ['The colour of the northern gate is turquoise.', 'What is the colour of the northern gate?'],
  ['The password of the silent harbour is 77041.', 'What is the password of the silent harbour?'],
  ['The name of the old mule is Bartholomew.', 'What is the name of the old mule?'],
];
const novel = readFileSync(join(repo, 'test/fixtures/novel.txt'), 'utf8');

function plant(fact, share) {
  const text = novel.slice(0, characters);
  const at = text.indexOf('. ', Math.floor((text.length - 200) * share)) + 2;
  return { text: `${text.slice(0, at)}${fact} ${text.slice(at)}`, at };
}

/** The mean attention of every head to the fact while the model says it. */
async function calibrate() {
  const addon = createRequire(import.meta.url)(join(repo, 'native/build/Release/longleaf.node'));
  const engine = await addon.load({ path: values.model, contextTokens: 8192 });
  const { layers, heads, fingerprint, eosToken } = engine.info;
  const watch = Array.from({ length: layers * heads }, (_, at) => [
    Math.floor(at / heads),
    at % heads,
  ]);
  const paid = new Float64Array(watch.length);
  const shares = [0.1, 0.3, 0.5, 0.7, 0.9];
  const runs = facts.flatMap(([fact, question]) =>
    shares.map((share) => ({ fact, question, share })),
  );
  const around = formOf(engine.info);
  for (const { fact, question, share } of runs) {
    const { text, at } = plant(fact, share);
    const special = (part) => ({ text: part, special: true });
    const plain = (part) => ({ text: part, special: false });
    const count = async (part) => (await engine.tokenize([special(around[0]), plain(part)])).length;
    const [from, to] = [
      await count(text.slice(0, at)),
      await count(text.slice(0, at + fact.length)),
    ];
    const tokens = await engine.tokenize([
      ...[special(around[0]), plain(text), special(around[1])],
      ...[plain(question), special(around[2])],
    ]);
    const session = engine.openSession();
    await session.read(tokens, null, () => {});
    const options = { maxTokens: 24, stop: [eosToken].filter(Boolean), watch, watchPositions: to };
    const { attention } = await session.generate(options, () => {});
    session.close();
    for (let head = 0; head < watch.length; head++) {
      for (let p = from; p < to; p++) paid[head] += attention[head * to + p] / runs.length;
    }
  }
  await engine.close();
  const ranked = watch
    .map((each, at) => ({ each, paid: paid[at] }))
    .sort((one, other) => other.paid - one.paid);
  const chosen = ranked.filter((one) => one.paid >= Math.max(0.1, ranked[0].paid / 2)).slice(0, 8);
  const shown = ranked.slice(0, 8).map(({ each, paid: p }) => `${each.join('.')} ${p.toFixed(2)}`);
  const profile = {
    version: 1,
    fingerprint,
    heads: chosen.map(({ each }) => each),
    provenance: `Attention to a planted fact while it is asked for, mean of ${runs.length} answers about 4,000 tokens of a novel (test/eval/evidence-heads.mjs); layer.head and attention: ${shown.join(', ')}. Chosen: at least half of the best and .1.`,
  };
  const pairs = /\[\s+(\d+),\s+(\d+)\s+\]/g;
  console.log(JSON.stringify(profile, null, 2).replace(pairs, '[$1, $2]'));
}

/** The chat template's own text before the document, before the question and after it. */
function formOf({ chatTemplate, bosToken, eosToken }) {
  const [document, question] = ['<<DOCUMENT>>', '<<QUESTION>>'];
  const messages = [
    { role: 'system', content: document },
    { role: 'user', content: question },
  ];
  const form = { bos_token: bosToken, eos_token: eosToken, add_generation_prompt: true };
  const prompt = new Template(chatTemplate).render({ messages, ...form });
  return [
    prompt.slice(0, prompt.indexOf(document)),
    prompt.slice(prompt.indexOf(document) + document.length, prompt.indexOf(question)),
    prompt.slice(prompt.indexOf(question) + question.length),
  ];
}

await calibrate();
