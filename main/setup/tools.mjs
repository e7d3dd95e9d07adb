// What must be on the machine before anything can be built. Every missing tool gets one sentence.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cudaTools } from './cuda.mjs';
import { capture, SetupError } from './process.mjs';

const cxxProgram = `
#include <concepts>
#include <span>
#include <thread>
template <std::integral T> T twice(T x) { return x * 2; }
int main() { int v[1] = {0}; std::span<int> s(v); std::jthread t([] {}); return twice(s[0]); }
`;

/** Version numbers of the first thing that looks like a version in `text`. */
export function versionIn(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? match.slice(1).map((part) => Number(part ?? 0)) : null;
}

export function atLeast(version, wanted) {
  for (let i = 0; i < wanted.length; i++) {
    if (version[i] !== wanted[i]) return version[i] > wanted[i];
  }
  return true;
}

export function requireNode(version = process.versions.node) {
  if (!atLeast(versionIn(version), [20])) {
    throw new SetupError(
      `Longleaf needs Node 20 or newer to set itself up; this is Node ${version}. Install a newer one from https://nodejs.org.`,
    );
  }
}

/** npm as this process should call it: the very npm that started us, else the one on the PATH. */
export function npmCommand() {
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.c?js$/.test(script))
    return { command: process.execPath, prefix: [script] };
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', prefix: [] };
}

export async function requireNpm() {
  const { command, prefix } = npmCommand();
  const shell = process.platform === 'win32' && prefix.length === 0;
  const { code } = await capture(command, [...prefix, '--version'], { shell });
  if (code !== 0)
    throw new SetupError('npm was not found. It comes with Node: https://nodejs.org.');
}

async function requireCMake() {
  const { code, output } = await capture('cmake', ['--version']);
  const version = code === 0 ? versionIn(output) : null;
  if (!version) {
    throw new SetupError(
      'CMake was not found. Install CMake 3.24 or newer (Debian, Ubuntu: apt install cmake; macOS: brew install cmake; Windows: winget install Kitware.CMake).',
    );
  }
  if (!atLeast(version, [3, 24])) {
    throw new SetupError(`CMake ${version.join('.')} is too old. Install CMake 3.24 or newer.`);
  }
  return version.join('.');
}

/** The C++ compiler CMake will find first; on Windows CMake looks for Visual Studio itself. */
export function compilerCandidates() {
  const chosen = process.env.CXX;
  if (chosen) return [chosen];
  return process.platform === 'darwin' ? ['c++', 'clang++'] : ['c++', 'g++', 'clang++'];
}

async function compilerVersion() {
  for (const compiler of compilerCandidates()) {
    const { code, output } = await capture(compiler, ['--version']);
    if (code === 0) return { compiler, version: output.split('\n')[0] };
  }
  return null;
}

const compilerHint =
  'Install one (Debian, Ubuntu: apt install g++; macOS: xcode-select --install; Windows: Visual Studio Build Tools with "Desktop development with C++").';

async function requireCompiler(found) {
  if (process.platform === 'win32') return;
  if (!found) throw new SetupError(`No C++ compiler was found. ${compilerHint}`);
  const folder = mkdtempSync(join(tmpdir(), 'longleaf-probe-'));
  try {
    const source = join(folder, 'probe.cpp');
    writeFileSync(source, cxxProgram);
    const args = ['-std=c++20', '-pthread', source, '-o', join(folder, 'probe')];
    const { code } = await capture(found.compiler, args);
    if (code !== 0) {
      throw new SetupError(
        `The C++ compiler "${found.compiler}" (${found.version}) cannot build C++20. Longleaf needs GCC 12, Clang 17 or MSVC 2022, or newer.`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names and versions of the tools that decide what a native build produces; cheap enough for every start. */
export async function nativeToolchain() {
  const [cmake, ninja, cxx, cuda] = await Promise.all([
    capture('cmake', ['--version']),
    capture('ninja', ['--version']),
    compilerVersion(),
    cudaTools(),
  ]);
  return {
    cmake: cmake.code === 0 ? cmake.output.split('\n')[0] : null,
    ninja: ninja.code === 0,
    cxx,
    cuda,
  };
}

/** Throws one sentence for the first thing that is missing. Only called when something must be compiled. */
export async function requireNativeTools(toolchain) {
  await requireCMake();
  await requireCompiler(toolchain.cxx);
}
