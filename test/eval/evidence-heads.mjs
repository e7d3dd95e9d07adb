// Do references point to where an answer comes from? A fact is planted in a novel at many depths and asked
// for: its page (a stretch of 3,000 characters) should be among the first three references, whether those
// are quotations found word for word or places the model looked at. Beside that, attention alone.
//
//   npx node test/eval/evidence.mjs [--depths 20] [--tokens 6000] [--level 25] [--model FILE.gguf]
//   npx node test/eval/evidence.mjs --calibrate [--model FILE.gguf] > models/NAME.evidence.json
//
// --calibrate measures which heads attend to the fact while its answer is written, and prints a profile.
// Exits 1 when fewer than 95 in 100 right answers have the page among their first three references.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Template } from '@huggingface/jinja';
import { ask, charactersPerToken, repo } from './ask.mjs';

const { values } = parseArgs({
  options: {
    calibrate: { type: 'boolean', default: false },
    depths: { type: 'string', default: '20' },
    tokens: { type: 'string', default: '6000' },
    level: { type: 'string', default: '25' },
    model: { type: 'string', default: join(repo, 'models/longleaf-mini.gguf') },
  },
});

const facts = [
  ['The access code of the gilded ferry is 48213.', 'What is the access code of the gilded ferry?'],
  ['The colour of the northern gate is turquoise.', 'What is the colour of the northern gate?'],
  ['The password of the silent harbour is 77041.', 'What is the password of the silent harbour?'],
  ['The name of the old mule is Bartholomew.', 'What is the name of the old mule?'],
];
const answers = facts.map(([fact]) => / is (\w+)\.$/.exec(fact)[1]);
const novel = readFileSync(join(repo, 'test/fixtures/novel.txt'), 'utf8');

function plant(fact, share, tokens) {
  const length = Math.round(tokens * charactersPerToken);
  const text = novel.slice(0, Math.min(length, novel.length));
  const at = text.indexOf('. ', Math.floor((text.length - 200) * share)) + 2;
  return { text: `${text.slice(0, at)}${fact} ${text.slice(at)}`, at };
}

if (values.calibrate) await calibrate();
else measure();

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
    const { text, at } = plant(fact, share, 4000);
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
    provenance: `Attention to a planted fact while it is asked for, mean of ${runs.length} answers about 4,000 tokens of a novel (test/eval/evidence.mjs --calibrate); layer.head and attention: ${shown.join(', ')}. Chosen: at least half of the best and .1.`,
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

function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'longleaf-evidence-'));
  const depths = Number(values.depths);
  const tally = { right: 0, among: 0, alone: 0, first: 0 };
  try {
    for (let i = 0; i < depths; i++) {
      const [fact, question] = facts[i % facts.length];
      const share = depths === 1 ? 0.5 : i / (depths - 1);
      const { text, at } = plant(fact, share, Number(values.tokens));
      const file = join(folder, `depth-${i}.txt`);
      writeFileSync(file, text);
      const reply = ask(file, question, values);
      const right = reply.answer.includes(answers[i % facts.length]);
      const page = (place) => Math.floor(place / 3000);
      const hits = ({ start, end }) => page(start) <= page(at) && page(end) >= page(at);
      const looked = reply.evidence.filter(({ kind }) => kind === 'looked');
      const quoted = reply.evidence.filter(({ kind }) => kind === 'quoted');
      const found = reply.evidence.slice(0, 3).some(hits);
      const line = { share, right, found, quoted: quoted.length, looked: looked.length };
      console.log(JSON.stringify({ ...line, answer: reply.answer }));
      if (!right) continue;
      tally.right += 1;
      if (found) tally.among += 1;
      if (reply.attention.slice(0, 3).some(hits)) tally.alone += 1;
      if (reply.attention.slice(0, 1).some(hits)) tally.first += 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`right answers                                  ${tally.right} of ${depths}`);
  console.log(`page among the first three references          ${tally.among} of ${tally.right}`);
  console.log(`page among the first three places looked at    ${tally.alone} of ${tally.right}`);
  console.log(`page is the place most looked at               ${tally.first} of ${tally.right}`);
  process.exit(tally.among >= 0.95 * tally.right ? 0 : 1);
}
