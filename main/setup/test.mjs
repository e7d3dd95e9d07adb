// npm test: builds what changed, runs every kind of test and counts all cases together.
// `npm test -- unit e2e` runs only those kinds.
import { delimiter, join } from 'node:path';
import { modules, root } from './paths.mjs';
import { prepareAll } from './prepare.mjs';
import { finish, SetupError } from './process.mjs';
import { run, runners } from './runners.mjs';

function chosen(args) {
  const known = Object.keys(runners);
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown) throw new SetupError(`There is no "${unknown}" test. Known: ${known.join(', ')}.`);
  return args.length > 0 ? args : known;
}

await finish(async () => {
  const kinds = chosen(process.argv.slice(2));
  process.chdir(root);
  await prepareAll();
  // Programs that look for "node" find the pinned one.
  process.env.PATH = `${join(modules, '.bin')}${delimiter}${process.env.PATH}`;
  if (!process.stdout.isTTY) process.env.NO_COLOR = '1';
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const kind of kinds) {
    const { seconds, ...counts } = await run(kind);
    for (const key of Object.keys(total)) total[key] += counts[key];
    const { passed, failed, skipped } = counts;
    lines.push(
      `${kind.padEnd(8)} ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds.toFixed(0)} s`,
    );
  }
  console.log(`\n${lines.join('\n')}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 ? 1 : 0;
});
