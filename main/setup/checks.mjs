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

/** Why native code's format cannot be checked here; null when it can. */
export async function clangFormat() {
  const { code, output } = await capture('clang-format', ['--version']);
  if (code !== 0) return 'clang-format is not installed';
  const major = versionIn(output)?.[0];
  return major === clangFormatMajor
    ? null
    : `native code is formatted with clang-format ${clangFormatMajor}; this is ${major}`;
}

/** Commands run one after the other; the check passes when all of them do. */
function checks() {
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
      needs: clangFormat,
      steps: [{ command: 'clang-format', args: ['--dry-run', '--Werror', ...nativeSources()] }],
    },
    { name: 'import rules', steps: [script('test/tools/layers.mjs')] },
    { name: 'size budgets', steps: [script('test/tools/budget.mjs')] },
  ];
}

async function runCheck({ name, needs, steps }) {
  const missing = await needs?.();
  if (missing) return { name, status: 'skipped', output: missing };
  for (const { command, args } of steps) {
    const { code, output } = await capture(command, args);
    if (code !== 0) return { name, status: 'failed', output };
  }
  return { name, status: 'passed', output: '' };
}

/** Runs all, two at a time; calls `onResult` with {name, status, output} as each ends. */
export async function runChecks(onResult) {
  const waiting = checks();
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      onResult(await runCheck(check));
    }
  };
  await Promise.all([worker(), worker()]);
}
