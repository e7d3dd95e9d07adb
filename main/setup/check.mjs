// npm run check: types, lint, format, import rules and budgets; no tests.
import { runChecks } from './checks.mjs';
import { prepareTools } from './prepare.mjs';
import { finish } from './process.mjs';

await finish(async () => {
  await prepareTools();
  let failed = 0;
  await runChecks(({ name, status, output }) => {
    console.log(`${status}: ${name}`);
    if (status !== 'passed') console.log(output.trimEnd());
    if (status === 'failed') failed++;
  });
  return failed > 0 ? 1 : 0;
});
