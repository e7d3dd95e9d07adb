// Everything `npm run check` looks at, each as a case of its own: types, lint, format, import rules, budgets.
import { join } from 'node:path';
import { filesUnder } from './fingerprint.mjs';
import { modules, pinnedNode, root } from './paths.mjs';
import { capture } from './process.mjs';
import { versionIn } from './tools.mjs';

const tool = (path, ...args) => ({
  command: pinnedNode(),
  args: [join(modules, ...path.split('/')), ...args],
});

const script = (path, ...args) => ({ command: pinnedNode(), args: [join(root, path), ...args] });

export function nativeSources() {
  const folders = [join(root, 'native'), join(root, 'test', 'native')];
  return filesUnder(folders).filter((file) => /\.(cpp|h|cu|cuh)$/.test(file));
}

/** Versions of clang-format do not agree with each other; native code is formatted with this one. */
const clangFormatMajor = 14;

/** {program}, or {why} there is none. */
export async function findClangFormat() {
  const others = [];
  for (const program of ['clang-format', `clang-format-${clangFormatMajor}`]) {
    const { code, output } = await capture(program, ['--version']);
    if (code !== 0) continue;
    const major = versionIn(output)?.[0];
    if (major === clangFormatMajor) return { program };
    others.push(major);
  }
  const wanted = `native code is formatted with clang-format ${clangFormatMajor}`;
  return {
    why: others.length > 0 ? `${wanted}; this is ${others[0]}` : `${wanted}, not installed`,
  };
}

/** Commands run one after the other; the check passes when all of them do. `skip` says why it cannot run. */
function checks(clangFormat) {
  return [
    {
      name: 'types',
      steps: [
        tool('typescript/bin/tsc', '-b', 'main'),
        tool('typescript/bin/tsc', '-p', 'test/tsconfig.json'),
        tool('typescript/bin/tsc', '-p', 'test/renderer/tsconfig.json'),
      ],
    },
    {
      name: 'types of the window',
      steps: [
        tool(
          'svelte-check/bin/svelte-check',
          ...['--tsconfig', 'renderer/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
        ),
      ],
    },
    {
      name: 'lint',
      steps: [
        tool(
          'eslint/bin/eslint.js',
          ...[
            '--config',
            'main/eslint.config.js',
            '--max-warnings',
            '0',
            'main',
            'renderer',
            'test',
          ],
        ),
      ],
    },
    {
      name: 'format',
      steps: [tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')],
    },
    {
      name: 'format of native code',
      skip: clangFormat.why,
      steps: [
        { command: clangFormat.program, args: ['--dry-run', '--Werror', ...nativeSources()] },
      ],
    },
    { name: 'import rules', steps: [script('test/tools/layers.mjs')] },
    { name: 'size budgets', steps: [script('test/tools/budget.mjs')] },
  ];
}

async function runCheck({ name, skip, steps }) {
  if (skip) return { name, status: 'skipped', output: skip };
  for (const { command, args } of steps) {
    const { code, output } = await capture(command, args);
    if (code !== 0) return { name, status: 'failed', output };
  }
  return { name, status: 'passed', output: '' };
}

/** Runs all, two at a time; calls `onResult` with {name, status, output} as each ends. */
export async function runChecks(onResult) {
  const waiting = checks(await findClangFormat());
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      onResult(await runCheck(check));
    }
  };
  await Promise.all([worker(), worker()]);
}
