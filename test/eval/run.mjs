// How well a model answers about long documents at every slider level, and what a reading costs: tasks after
// RULER, generated here by seed and so the same for every level, with 95 % intervals. See README.md.
//
//   npm run eval -- [--tokens 4096,8192] [--documents 5] [--levels 0,25,50,75,100] [--tasks single,quotation]
//   npm run eval -- --ablate 50            variations of level 50 instead of levels
//   npm run eval -- --policies 50          attention by blocks, alone and beside the tokens of level 50
//                   --only "NAME|NAME"     only these of the levels, variations or policies
//
// Writes rows.jsonl, results.json and results.html into --out (eval-results); goes on where rows.jsonl ends.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  ablationsOf,
  levelsOf,
  measuredBeside,
  policiesOf,
  readProfile,
} from './configurations.mjs';
import { Haystack, readBooks } from './haystack.mjs';
import { page } from './page.mjs';
import { Draw } from './random.mjs';
import { openReader } from './reader.mjs';
import { judge } from './references.mjs';
import { Rows } from './rows.mjs';
import { summarise, summariseReadings, summariseReferences } from './summary.mjs';
import { score, tasks } from './tasks/index.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values: options } = parseArgs({
  options: {
    tokens: { type: 'string', default: '4096' },
    documents: { type: 'string', default: '5' }, // per task and length
    questions: { type: 'string', default: '4' }, // per document, where a task has several
    levels: { type: 'string', default: '0,25,50,75,100' },
    ablate: { type: 'string' },
    policies: { type: 'string' },
    only: { type: 'string' }, // of these, by their names, NAME|NAME
    tasks: { type: 'string', default: Object.keys(tasks).join(',') },
    orders: { type: 'string', default: 'read first,at once' },
    minutes: { type: 'string', default: '0' }, // 0: as long as it takes
    seed: { type: 'string', default: '1' },
    books: { type: 'string' },
    model: { type: 'string', default: join(root, 'models/longleaf-mini.gguf') },
    profile: { type: 'string' }, // beside the model, unless named
    evidence: { type: 'string' }, // likewise; "none" watches no heads
    addon: { type: 'string', default: join(root, 'native/build/Release/longleaf.node') },
    device: { type: 'string', default: 'auto' },
    threads: { type: 'string', default: '0' },
    out: { type: 'string', default: join(root, 'eval-results') },
  },
});
const numbers = (text) => text.split(',').map(Number);
const until =
  Number(options.minutes) > 0 ? Date.now() + Number(options.minutes) * 60_000 : Infinity;
/** Of the length asked for: marks, the question and the answer. */
const reserve = 256;

/** Answers about one document at one configuration, in one order. */
async function answers(reader, made, { sparsity }, order) {
  const { document, items } = made;
  const said = [];
  const read = order === 'read first' ? await reader.read(document, sparsity) : undefined;
  for (const { question, depth } of items) {
    const answer = read
      ? await reader.ask(document, question, sparsity)
      : await reader.askAtOnce(document, question, sparsity);
    const watched = reader.heads.length > 0 && depth !== null;
    const references = watched
      ? judge(reader.engine, made, answer, Math.round(depth * made.text.length))
      : undefined;
    const { reply } = answer;
    said.push({ reply, references, ...timesOf(read ?? answer) });
  }
  return said;
}

const timesOf = ({ seconds, keptFraction, blockFraction }) => ({
  readSeconds: seconds,
  keptFraction,
  blockFraction,
});

async function measure(reader, rows, about, made, configurations, orders) {
  for (const configuration of configurations)
    for (const order of orders) {
      const key = { ...about, configuration: configuration.name, order };
      if (rows.has(key)) continue;
      if (Date.now() > until) return false;
      const said = await answers(reader, made, configuration, order);
      rows.add(
        said.map((answer, item) => ({
          ...key,
          item,
          depth: made.items[item].depth,
          documentTokens: made.document.length,
          score: score(answer.reply, made.items[item].answers),
          ...answer,
          reply: answer.reply.slice(0, 300),
        })),
      );
    }
  return true;
}

/** False when time ran out. */
async function runAll(reader, rows, configurations) {
  const haystack = new Haystack(readBooks(options.books), (text) => reader.count(text));
  const orders = options.orders.split(',').map((order) => order.trim());
  for (let document = 0; document < Number(options.documents); document++)
    for (const tokens of numbers(options.tokens))
      for (const task of options.tasks.split(',')) {
        if (!tasks[task]) throw new Error(`There is no task “${task}”.`);
        const about = { task, tokens, document };
        const missing = configurations.some(({ name }) =>
          orders.some((order) => !rows.has({ ...about, configuration: name, order })),
        );
        if (!missing) continue;
        const draw = new Draw(`${options.seed} ${task} ${tokens} ${document}`);
        const many = Number(options.questions);
        const { text, items } = await tasks[task].make(draw, haystack, tokens - reserve, many);
        const first = await reader.tokensBefore();
        const made = { text, document: await reader.tokensOfDocument(text), first, items };
        if (!(await measure(reader, rows, about, made, configurations, orders))) return false;
        process.stderr.write(`${tokens} tokens, document ${document + 1}: ${task}\n`);
      }
  return true;
}

function table(cells) {
  const percent = (value) => (value * 100).toFixed(1);
  const all = cells.filter(({ task }) => task === 'all');
  for (const { tokens, order, configuration, accuracy, change } of all) {
    const interval = `${percent(accuracy.low)} to ${percent(accuracy.high)}`;
    const lost = change
      ? `, ${percent(change.mean)} (${percent(change.low)} to ${percent(change.high)}) to exact`
      : '';
    console.log(
      `${String(tokens).padStart(6)} ${order.padEnd(10)} ${configuration.padEnd(34)} ` +
        `${percent(accuracy.mean)} % (${interval}; ${accuracy.items} items)${lost}`,
    );
  }
}

/** Which heads look up what they answer with, measured for this very file (evidence-heads.mjs). */
function headsOf({ evidence, model }) {
  const path = evidence ?? measuredBeside(model, 'evidence');
  return path === 'none' || !existsSync(path) ? [] : JSON.parse(readFileSync(path, 'utf8')).heads;
}

const longest = Math.max(...numbers(options.tokens));
const reader = await openReader({
  ...options,
  contextTokens: longest,
  threads: Number(options.threads),
  heads: headsOf(options),
});
const { info, device } = reader.engine;
const profile = readProfile(options.profile ?? measuredBeside(options.model, 'sparsity'));
const compared = options.ablate
  ? ablationsOf(profile, info.layers, Number(options.ablate))
  : options.policies
    ? policiesOf(profile, info.layers, Number(options.policies))
    : levelsOf(profile, info.layers, numbers(options.levels));
const named = options.only?.split('|').map((name) => name.trim());
const unknown = named?.find((name) => !compared.some((one) => one.name === name));
if (unknown) throw new Error(`Nothing is compared under the name “${unknown}”.`);
// The GPU drops no keys alone.
const configurations = compared.filter(
  ({ name, sparsity }) =>
    (!named || name === 'exact' || named.includes(name)) &&
    (!sparsity?.keysOnly || device.startsWith('CPU')),
);
mkdirSync(options.out, { recursive: true });
const rows = new Rows(join(options.out, 'rows.jsonl'));
const whole = await runAll(reader, rows, configurations);
await reader.close();

const results = {
  version: 1,
  date: new Date().toISOString(),
  model: { name: info.name, fingerprint: info.fingerprint },
  device,
  seed: options.seed,
  books: options.books ? 'a folder' : 'test/fixtures/novel.txt',
  complete: whole,
  configurations,
  titles: Object.fromEntries(Object.entries(tasks).map(([name, { title }]) => [name, title])),
  cells: summarise(rows.all),
  readings: summariseReadings(rows.all),
  references: summariseReferences(rows.all),
};
writeFileSync(join(options.out, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
writeFileSync(join(options.out, 'results.html'), page(results));
table(results.cells);
for (const { task, tokens, order, configuration, quoted, among, alone } of results.references) {
  if (task !== 'all') continue;
  const share = (part) => `${Math.round(part.mean * part.items)} of ${part.items}`;
  console.log(
    `${String(tokens).padStart(6)} ${order.padEnd(10)} ${configuration.padEnd(34)} ` +
      `page among three references in ${share(among)} right answers, by attention alone ${share(alone)}, quoted ${share(quoted)}`,
  );
}
console.log(`${whole ? 'All' : 'Time is up: some'} of it is in ${options.out}.`);
