// The native addon and the native tests: one build folder, native/build. CMake does the incremental work;
// the stamps here only avoid starting it.
import { availableParallelism } from 'node:os';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { probeCuda } from './cuda.mjs';
import { fingerprint, isStamped, writeStamp } from './fingerprint.mjs';
import { addon, modules, nativeBuild, pinnedNode, root } from './paths.mjs';
import { capture, quietly, say, SetupError } from './process.mjs';
import { nativeToolchain, requireNativeTools } from './tools.mjs';

const configureScript = join(dirname(fileURLToPath(import.meta.url)), 'configure-native.mjs');

function cudaArguments({ compiler, architectures }) {
  if (!architectures) return ['-DLONGLEAF_CUDA=OFF'];
  return [
    '-DLONGLEAF_CUDA=ON',
    `-DCMAKE_CUDA_COMPILER=${compiler}`,
    `-DCMAKE_CUDA_ARCHITECTURES=${architectures}`,
  ];
}

/** CMake's words when it fails, else null. */
async function tryConfigure(command, args) {
  const first = await capture(command, args);
  if (first.code === 0) return null;
  // A folder configured by another generator or a compiler since removed cannot be reused.
  rmSync(nativeBuild, { recursive: true, force: true });
  const second = await capture(command, args);
  return second.code === 0 ? null : second.output.trimEnd();
}

async function configure(tests, cuda) {
  const printed = await quietly('Preparing CMake', pinnedNode(), [configureScript]);
  const [command, ...args] = JSON.parse(printed);
  const all = [...args, '-B', nativeBuild, `-DLONGLEAF_TESTS=${tests ? 'ON' : 'OFF'}`];
  let failure = await tryConfigure(command, [...all, ...cudaArguments(cuda)]);
  if (failure && cuda.architectures) {
    say('The engine is built for the CPU only: CMake could not set up CUDA.');
    failure = await tryConfigure(command, [...all, ...cudaArguments({})]);
  }
  if (failure) throw new SetupError(`CMake could not configure native/:\n${failure}`);
}

async function build(tests, cuda) {
  await configure(tests, cuda);
  const jobs = String(availableParallelism());
  const args = ['--build', nativeBuild, '--config', 'Release', '--parallel', jobs];
  const { code, output } = await capture('cmake', args);
  if (code !== 0) {
    // What went wrong, without the hundred lines that went right.
    const words = output.split('\n').filter((line) => !/^\[\s*\d+(\/\d+|%)\]/.test(line));
    throw new SetupError(`Building native/ failed:\n${words.join('\n').trim()}`);
  }
}

/** One probe for the addon and the tests. */
let probed;

async function buildWhenChanged(name, inputs, tests, product) {
  const toolchain = await nativeToolchain();
  const headers = ['node-addon-api', 'node-api-headers'].map((n) =>
    join(modules, n, 'package.json'),
  );
  const value = fingerprint([...inputs, ...headers], JSON.stringify(toolchain), process.arch);
  const stamp = join(nativeBuild, `${name.replace(' ', '-')}.stamp`);
  if (isStamped(stamp, value) && (product === null || existsSync(product))) return;
  await requireNativeTools(toolchain);
  if (!probed) {
    probed = await probeCuda(toolchain.cuda);
    if (probed.why) say(probed.why);
  }
  const { architectures } = probed;
  say(`Building the ${name}${architectures ? ` with CUDA for ${architectures}` : ''} …`);
  await build(tests, probed);
  if (product !== null && !existsSync(product)) {
    throw new SetupError(`The native build ended without writing ${product}.`);
  }
  writeStamp(stamp, value);
}

/** native/build/Release/longleaf.node, rebuilt when native/ or the toolchain changed. */
export function buildAddon() {
  return buildWhenChanged('native engine', [join(root, 'native')], false, addon);
}

/** The CTest executables (and the addon) in the same folder. */
export function buildNativeTests() {
  const inputs = [join(root, 'native'), join(root, 'test', 'native')];
  return buildWhenChanged('native tests', inputs, true, addon);
}
