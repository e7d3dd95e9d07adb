// Whether the native build gets its CUDA part, and for which GPUs. It never stops a set-up: where it cannot be
// had, one sentence says why and the engine is built for the CPU.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture } from './process.mjs';

/**
 * Built where no GPU says what it is. Every GPU the kernels run on compiles the rest from its PTX at first use,
 * and it is the shortest to build.
 */
const portable = '80';

/** The host compiler, the C++ standard and the headers the kernels need, in a second. */
const program = `
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <span>
template <class T> concept Small = sizeof(T) <= 4;
template <Small T> __global__ void twice(T* x) { x[threadIdx.x] = x[threadIdx.x] + x[threadIdx.x]; }
void run(std::span<__half> x) { twice<<<1, 32>>>(x.data()); }
`;

function nvccCandidates() {
  const { CUDACXX, CUDA_PATH } = process.env;
  if (CUDACXX) return [CUDACXX];
  const installed = CUDA_PATH ? join(CUDA_PATH, 'bin', 'nvcc') : '/usr/local/cuda/bin/nvcc';
  return ['nvcc', ...(existsSync(installed) ? [installed] : [])];
}

async function findNvcc() {
  for (const compiler of nvccCandidates()) {
    const { code, output } = await capture(compiler, ['--version']);
    if (code === -1) continue; // no such program
    const release = /release (\d+\.\d+)/.exec(output)?.[1];
    return { compiler, version: code === 0 && release ? release : null };
  }
  return null;
}

/** Compute capabilities of the GPUs of this machine, "9.0"; none where nobody says. */
async function capabilities() {
  const { code, output } = await capture('nvidia-smi', [
    '--query-gpu=compute_cap',
    '--format=csv,noheader',
  ]);
  return code === 0 ? [...new Set(output.match(/^\d+\.\d+$/gm) ?? [])].sort() : [];
}

/** What the CUDA part of a build depends on; cheap enough for every start. */
export async function cudaTools() {
  const nvcc = await findNvcc();
  return {
    nvcc,
    gpus: nvcc ? await capabilities() : [],
    /** "off", or the architectures of a release as CMake spells them: 80-real;90a-real;120. */
    wanted: process.env.LONGLEAF_CUDA ?? null,
  };
}

/** CMake's name of the architecture for one compute capability. Hopper's own instructions need the "a". */
export function architectureOf(capability) {
  const name = capability.replace('.', '');
  return name === '90' ? '90a' : name;
}

/** {choices}: architectures to try, best first; none with {why} in words for people, or null if none are due. */
export function chooseCuda({ nvcc, gpus, wanted }) {
  const without = (why) => ({ choices: [], why });
  if (wanted === 'off') return without('LONGLEAF_CUDA is “off”');
  if (!nvcc) return without(wanted ? 'LONGLEAF_CUDA is set, but nvcc was not found' : null);
  if (!nvcc.version) return without(`the CUDA compiler “${nvcc.compiler}” does not run`);
  if (Number(nvcc.version.split('.')[0]) < 12)
    return without(`CUDA ${nvcc.version} is too old; it must be 12 or newer`);
  if (wanted) return { choices: [wanted], why: null };
  const able = gpus.filter((capability) => Number(capability.split('.')[0]) >= 8);
  if (gpus.length > 0 && able.length === 0)
    return without(`this GPU has compute capability ${gpus.join(', ')}; it takes 8.0 or newer`);
  const own = able.map(architectureOf).join(';');
  return { choices: [...new Set([own || portable, portable])], why: null };
}

/** Why nvcc cannot build for these architectures; null when it can. */
async function whyNot(compiler, architectures) {
  const folder = mkdtempSync(join(tmpdir(), 'longleaf-probe-'));
  try {
    const source = join(folder, 'probe.cu');
    writeFileSync(source, program);
    const targets = architectures.split(';').map((each) => each.replace(/-(real|virtual)$/, ''));
    const codes = targets.map((each) => `-gencode=arch=compute_${each},code=sm_${each}`);
    const args = ['-std=c++20', ...codes, '-c', source, '-o', join(folder, 'probe.o')];
    const { code, output } = await capture(compiler, args);
    if (code === 0) return null;
    const words = output.split('\n').map((line) => line.replaceAll(source, 'probe.cu').trim());
    return words.find((line) => /error|fatal|unsupported/i.test(line)) ?? words[0] ?? '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** {compiler, architectures} of a build that will work, or {why: sentence or null}. */
export async function probeCuda(tools) {
  const { choices, why } = chooseCuda(tools);
  let reason = why;
  for (const architectures of choices) {
    const failure = await whyNot(tools.nvcc.compiler, architectures);
    if (failure === null) return { compiler: tools.nvcc.compiler, architectures };
    reason ??= `nvcc ${tools.nvcc.version} cannot compile for it here (${failure})`;
  }
  return { why: reason && `The engine is built for the CPU only: ${reason}.` };
}
