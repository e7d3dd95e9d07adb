// The four kinds of tests. Each runner prints as it goes and returns its {passed, failed, skipped}.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findChromium } from './chromium.mjs';
import { runChecks } from './checks.mjs';
import { buildNativeTests } from './native.mjs';
import { dist, modules, nativeBuild, pinnedNode } from './paths.mjs';
import { say, SetupError, takeOver } from './process.mjs';

const reports = join(dist, 'test-reports');

/** A path for a runner's report, with last time's gone so that it cannot be read by mistake. */
function freshReport(name) {
  mkdirSync(reports, { recursive: true });
  const path = join(reports, name);
  rmSync(path, { force: true });
  return path;
}

function readReport(runner, path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new SetupError(`${runner} ended without a report: it did not get as far as its tests.`);
  }
}

/** A runner that exits with an error but counts no failed case has still failed. */
function honest(counts, exitCode) {
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

async function check() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  await runChecks(({ name, status, output }) => {
    counts[status]++;
    console.log(`  ${status}  ${name}`);
    if (status !== 'passed') console.log(output.trimEnd());
  });
  return counts;
}

/** Counts of CTest's JUnit file: skipped tests and tests that are switched off are both skipped. */
export function countJunit(xml) {
  const number = (name) =>
    Number(new RegExp(`<testsuite[^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const failed = number('failures');
  const skipped = number('skipped') + number('disabled');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}

async function native() {
  await buildNativeTests();
  const report = freshReport('native.xml');
  const jobs = String(Math.min(2, availableParallelism()));
  const args = ['--test-dir', nativeBuild, '--build-config', 'Release', '--parallel', jobs];
  const output = ['--output-on-failure', '--timeout', '300', '--output-junit', report];
  const code = await takeOver('ctest', [...args, ...output]);
  return honest(countJunit(readReport('CTest', report)), code);
}

export function countVitest(json) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests = 0 } = JSON.parse(json);
  return {
    passed: numPassedTests,
    failed: numFailedTests,
    skipped: numPendingTests + numTodoTests,
  };
}

async function unit() {
  const report = freshReport('unit.json');
  const vitest = join(modules, 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', join('test', 'vitest.config.ts')];
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await takeOver(pinnedNode(), [...args, ...output]);
  return honest(countVitest(readReport('Vitest', report)), code);
}

export function countPlaywright(json) {
  const { expected, unexpected, flaky, skipped } = JSON.parse(json).stats;
  return { passed: expected + flaky, failed: unexpected, skipped };
}

async function e2e() {
  const chromium = await findChromium();
  const report = freshReport('e2e.json');
  const cli = join(modules, '@playwright', 'test', 'cli.js');
  const args = [cli, 'test', '--config', join('test', 'playwright.config.ts')];
  const env = { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: report };
  if (chromium) env.CHROMIUM = chromium;
  const code = await takeOver(pinnedNode(), [...args, '--reporter=list,json'], { env });
  return honest(countPlaywright(readReport('Playwright', report)), code);
}

export const runners = { check, native, unit, e2e };

/** Runs one by name; a runner that cannot run counts as one failure and says why. */
export async function run(name) {
  console.log(`\n── ${name}`);
  const begin = Date.now();
  try {
    const counts = await runners[name]();
    return { ...counts, seconds: (Date.now() - begin) / 1000 };
  } catch (error) {
    say(error instanceof SetupError ? error.message : error.stack);
    return { passed: 0, failed: 1, skipped: 0, seconds: (Date.now() - begin) / 1000 };
  }
}
