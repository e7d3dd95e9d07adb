// A question through the command line: the whole path a user takes, one process per answer.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const repo = fileURLToPath(new URL('../..', import.meta.url));

/** Of test/fixtures/novel.txt under Longleaf Mini's tokenizer. */
export const charactersPerToken = 3.53;

/** What `longleaf ask --json` says about the file. Throws with what it printed when it fails. */
export function ask(file, question, { level, model }) {
  const args = ['main/setup/longleaf.mjs', 'ask', file, '--question', question];
  args.push('--level', String(level), '--max-tokens', '64', '--json');
  if (model) args.push('--model', model);
  const run = spawnSync(process.execPath, args, { cwd: repo, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`longleaf ask exited with ${run.status}: ${run.stderr}`);
  return JSON.parse(run.stdout);
}
