// Does a fact planted in a novel come back? One sentence is inserted at N depths of an excerpt and asked
// for through the command line, at each slider level: the whole path a user takes, one process per answer.
//
//   node test/eval/needle.mjs [--tokens 16000] [--depths 10] [--levels 0,75] [--model FILE.gguf]
//
// Prints one line per answer and a table; exits 1 when level 0 finds fewer than 9 in 10, or another level
// more than one fewer than level 0.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const repo = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '16000' },
    depths: { type: 'string', default: '10' },
    levels: { type: 'string', default: '0,75' },
    model: { type: 'string' },
  },
});

const NEEDLE = 'The access code of the gilded ferry is 48213.';
const QUESTION = 'What is the access code of the gilded ferry?';
const CODE = '48213';
const CHARACTERS_PER_TOKEN = 3.53; // of novel.txt under Longleaf Mini's tokenizer

function excerpt() {
  const wanted = Math.round(Number(values.tokens) * CHARACTERS_PER_TOKEN);
  const novel = readFileSync(join(repo, 'test/fixtures/novel.txt'), 'utf8');
  const text = novel.repeat(Math.ceil(wanted / novel.length)).slice(0, wanted);
  return text.slice(0, text.lastIndexOf('. ') + 1);
}

/** Inserts the needle as a sentence of its own near `share` of the text. */
function plant(text, share) {
  const at = share === 0 ? 0 : text.indexOf('. ', Math.floor((text.length - 200) * share)) + 2;
  return `${text.slice(0, at)}${NEEDLE} ${text.slice(at)}`;
}

function ask(file, level) {
  const args = ['main/setup/longleaf.mjs', 'ask', file, '--question', QUESTION];
  args.push('--level', String(level), '--max-tokens', '64', '--json');
  if (values.model) args.push('--model', values.model);
  const run = spawnSync(process.execPath, args, { cwd: repo, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`longleaf ask exited with ${run.status}: ${run.stderr}`);
  return JSON.parse(run.stdout);
}

const folder = mkdtempSync(join(tmpdir(), 'longleaf-needle-'));
const levels = values.levels.split(',').map(Number);
const depths = Number(values.depths);
const found = new Map(levels.map((level) => [level, 0]));
try {
  const text = excerpt();
  for (let i = 0; i < depths; i++) {
    const share = depths === 1 ? 0.5 : i / (depths - 1);
    const file = join(folder, `depth-${i}.txt`);
    writeFileSync(file, plant(text, share));
    for (const level of levels) {
      const reply = ask(file, level);
      const hit = reply.answer.includes(CODE);
      if (hit) found.set(level, found.get(level) + 1);
      console.log(
        JSON.stringify({ depth: share, level, hit, answer: reply.answer, tokens: reply.tokens }),
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

console.log('level  found');
for (const level of levels) {
  console.log(`${String(level).padStart(5)}  ${found.get(level)} of ${depths}`);
}
const exact = found.get(0) ?? depths;
const enough = exact >= Math.ceil(depths * 0.9) && levels.every((l) => found.get(l) >= exact - 1);
process.exit(enough ? 0 : 1);
