#!/usr/bin/env bash
# Builds the CUDA backend on a machine with a GPU and nvcc, runs its tests, then its timings. From the root of
# the repository: test/bench/cuda.sh [build folder] [architecture, of cmake]
set -u
build=${1:-/tmp/longleaf-cuda}
architecture=${2:-90a}
cd "$(dirname "${BASH_SOURCE[0]}")/../.." 2>/dev/null || exit 1
[ -d native ] || cd ..

# cuBLAS may live in a Python package instead of the loader's path.
blas=$(find /usr/local /opt /usr/lib -name 'libcublas.so.1[23]' 2>/dev/null | head -1)
[ -n "$blas" ] && export LD_LIBRARY_PATH="$(dirname "$blas"):${LD_LIBRARY_PATH:-}"

nvidia-smi --query-gpu=name,driver_version,clocks.sm,memory.used --format=csv,noheader
begun=$SECONDS
generator=$(command -v ninja >/dev/null && echo Ninja || echo 'Unix Makefiles')
cmake -S native -B "$build" -G "$generator" -DLONGLEAF_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES="$architecture" \
  >"$build.configure.log" 2>&1 || { tail -20 "$build.configure.log"; exit 1; }
cmake --build "$build" -j "$(nproc)" --target longleaf_cuda_tests >"$build.build.log" 2>&1 ||
  { grep -iE -A5 'error|FAILED' "$build.build.log" | head -60; exit 1; }
echo "built in $((SECONDS - begun)) s"

failed=0
for test in "$build"/test/test_cuda_*; do
  begun=$SECONDS
  timeout 120 "$test" >"$test.log" 2>&1
  status=$?
  [ $status -eq 0 ] || failed=1
  echo "== $(basename "$test"): exit $status, $((SECONDS - begun)) s"
  grep -v '^ok ' "$test.log" | sort | uniq -c | sort -rn | head -25 | cut -c1-240
done
[ -x "$build/test/longleaf_bench_cuda" ] && timeout 100 "$build/test/longleaf_bench_cuda"
# Whole models, 8 to 16 GB each, in memory; LONGLEAF_BENCH_MODEL=q8_0, f16 or bf16 asks for one.
if [ -n "${LONGLEAF_BENCH_MODEL:-}" ]; then
  timeout 150 "$build/test/longleaf_bench_model" "/dev/shm/random-$LONGLEAF_BENCH_MODEL.gguf" cuda 8192,32768,131072 0.3
  rm -f "/dev/shm/random-$LONGLEAF_BENCH_MODEL.gguf"
fi
# Out-of-bounds accesses and races between threads, on the smaller tests.
if [ -n "${LONGLEAF_SANITIZE:-}" ] && command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    for test in rows matmul select; do
      echo "== compute-sanitizer $tool, $test: $(timeout 40 compute-sanitizer --tool $tool --error-exitcode 9 \
        "$build/test/test_cuda_$test" 2>&1 | grep -E 'ERROR SUMMARY|RACECHECK SUMMARY|Invalid|hazard' | sort | uniq -c | sort -rn | head -4 | cut -c1-160)"
    done
  done
fi
exit $failed
