// The addon itself on a machine with a GPU, under Node: reads a document as long as the model allows, asks about
// it, and compares the two devices of one addon on a shorter one. test/bench/addon-gpu.sh brings Node and builds.
//   node test/bench/addon-gpu.mjs --addon longleaf.node [--device cuda] [--tokens 130000] [--compare 16384]
//
// Two devices agree when, over the prompt's end and every word of the CPU's greedy answer (both are given the same
// words), no logit differs by more than --tolerance, and where their likeliest words differ, the CPU's logits of
// the two lie within twice that: closer than rounding can tell. Where the default level looked (keptPlaces, shares
// of the layers' stretches) may differ by .02, since a plan takes blocks until they reach its gamma. Exit code 1
// when they do not.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredBeside, readProfile, sparsityAt } from '../eval/configurations.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values: options } = parseArgs({
  options: {
    addon: { type: 'string', default: join(root, 'native/build/Release/longleaf.node') },
    model: { type: 'string', default: join(root, 'models/longleaf-mini.gguf') },
    device: { type: 'string', default: 'cuda' },
    tokens: { type: 'string', default: '130000' },
    compare: { type: 'string', default: '16384' },
    steps: { type: 'string', default: '24' },
    tolerance: { type: 'string', default: '0.25' },
  },
});
const addon = createRequire(import.meta.url)(resolve(options.addon));
const novel = readFileSync(join(root, 'test/fixtures/novel.txt'), 'utf8');
const fact = 'The access code of the gilded ferry is 48213.';
const question = 'What is the access code of the gilded ferry?';
const silent = () => undefined;

/** Paragraphs of the novel, in another order each time round, the same on every run. */
function* paragraphs() {
  let state = 7;
  for (;;) {
    const left = novel.split(/\n\n+/);
    while (left.length > 0) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      yield left.splice(state % left.length, 1)[0];
    }
  }
}

const plain = (text) => ({ text, special: false });
const mark = (text) => ({ text, special: true });

/** A prompt of at most `tokens`, with the fact at three fifths of the document. */
async function promptOf(engine, tokens) {
  const room = tokens - 64;
  const parts = [];
  let length = 0;
  for (const paragraph of paragraphs()) {
    const part = await engine.tokenize([plain(`${paragraph}\n\n`)]);
    if (length + part.length > room) break;
    parts.push(paragraph);
    length += part.length;
  }
  parts.splice(Math.floor(parts.length * 0.6), 0, fact);
  const document = parts.join('\n\n');
  const segments = [mark('<|doc|>'), plain(document), mark('<|user|>'), plain(question)];
  return engine.tokenize([...segments, mark('<|assistant|>')]);
}

function row(name, seconds, value, unit) {
  const milliseconds = (seconds * 1000).toFixed(3).padStart(9);
  console.log(`${name.padEnd(44)} ${milliseconds} ms ${value.toFixed(1).padStart(9)} ${unit}`);
}

async function load(device, contextTokens) {
  const begun = performance.now();
  const engine = await addon.load({ path: resolve(options.model), device, contextTokens });
  console.log(`    loaded on ${engine.device} in ${Math.round(performance.now() - begun)} ms`);
  return engine;
}

async function readAndAnswer(device, tokens) {
  const engine = await load(device, tokens + 256);
  const prompt = await promptOf(engine, tokens);
  const session = engine.openSession();
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 20);
  const read = await session.read(prompt, null, silent);
  clearInterval(ticking);
  let answer = '';
  const said = await session.generate({ maxTokens: 64 }, (text) => (answer += text));
  row(
    `addon ${device} read ${prompt.length}`,
    read.seconds,
    prompt.length / read.seconds,
    'tokens/s',
  );
  row(
    `addon ${device} answer after ${prompt.length}`,
    said.seconds,
    said.tokens / said.seconds,
    'tokens/s',
  );
  const found = answer.includes('48213') ? 'the fact' : 'not the fact';
  console.log(`    answered ${JSON.stringify(answer)}: ${found}; event loop ticked ${ticks} times`);
  session.close();
  await engine.close();
}

function best(logits) {
  let at = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[at]) at = i;
  return at;
}

/** Logits after the prompt and after each of `words`, which is grown greedily when `greedy`. */
async function follow(engine, prompt, words, greedy, steps) {
  const session = engine.openSession();
  const all = [];
  const { seconds } = await session.read(prompt, null, silent);
  for (let i = 0; i <= steps; i++) {
    const logits = await session.logits();
    all.push(logits);
    if (i === steps) break;
    if (greedy) words.push(best(logits));
    await session.read(Int32Array.of(...prompt, ...words.slice(0, i + 1)), null, silent);
  }
  session.close();
  return { all, seconds };
}

/** How far `device` is from the CPU on one prompt; true when within the rule above. */
async function compare(device, tokens, steps, tolerance) {
  const cpu = await load('cpu', tokens + 256);
  const prompt = await promptOf(cpu, tokens);
  const words = [];
  const expected = await follow(cpu, prompt, words, true, steps);
  console.log(`    the CPU answers ${JSON.stringify(cpu.detokenize(Int32Array.from(words)))}`);
  await cpu.close();
  const other = await load(device, tokens + 256);
  const actual = await follow(other, prompt, words, false, steps);
  const again = await follow(other, prompt, words, false, 0);
  await other.close();
  row(
    `addon cpu read ${prompt.length}`,
    expected.seconds,
    prompt.length / expected.seconds,
    'tokens/s',
  );
  row(
    `addon ${device} read ${prompt.length}`,
    actual.seconds,
    prompt.length / actual.seconds,
    'tokens/s',
  );
  let worst = 0;
  let parted = 0;
  let beyond = 0;
  expected.all.forEach((logits, i) => {
    const found = actual.all[i];
    logits.forEach((value, w) => (worst = Math.max(worst, Math.abs(value - found[w]))));
    const [one, two] = [best(logits), best(found)];
    if (one === two) return;
    parted++;
    if (logits[one] - logits[two] > 2 * tolerance) beyond++;
  });
  const same = again.all[0].every((value, i) => value === actual.all[0][i]);
  console.log(
    `    ${steps + 1} words: logits differ by at most ${worst.toFixed(4)} (allowed ${tolerance}), ` +
      `another likeliest word ${parted} times, ${beyond} of them beyond rounding; rerun ${same ? 'the same bits' : 'OTHER BITS'}`,
  );
  return worst <= tolerance && beyond === 0 && same;
}

/** Where each layer looked when read at the model's default level. */
async function placesLooked(device, tokens) {
  const engine = await load(device, tokens + 256);
  const profile = readProfile(measuredBeside(options.model, 'sparsity'));
  const sparsity = sparsityAt(profile.defaultLevel, profile, engine.info.layers);
  const session = engine.openSession();
  const { keptPlaces } = await session.read(await promptOf(engine, tokens), sparsity, silent);
  session.close();
  await engine.close();
  return keptPlaces;
}

async function comparePlaces(device, tokens) {
  const expected = await placesLooked('cpu', tokens);
  const actual = await placesLooked(device, tokens);
  const apart = expected.map((share, i) => Math.abs(share - actual[i]));
  const least = Math.min(...expected);
  console.log(
    `    ${expected.length} shares of what was looked at, from ${least.toFixed(3)} on, differ by at most ${Math.max(...apart).toFixed(4)}`,
  );
  return least < 1 && actual.length === expected.length && Math.max(...apart) <= 0.02;
}

await readAndAnswer(options.device, Number(options.tokens));
const length = Number(options.compare);
const agree =
  length === 0 ||
  ((await compare(options.device, length, Number(options.steps), Number(options.tolerance))) &&
    (await comparePlaces(options.device, length)));
console.log(agree ? 'addon: ok' : 'addon: the devices do NOT agree');
process.exitCode = agree ? 0 : 1;
