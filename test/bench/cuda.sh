#!/usr/bin/env bash
# Everything that needs a GPU, in one call: builds, checks, times. From anywhere in the repository:
#   test/bench/cuda.sh [part...]            without parts: build tests ops
# Parts, in the order they run; each has its own time limit, and one that fails does not stop the next:
#   build      configure and build, all cores                       (always)
#   tests      test_cuda_*: every op, the whole model, faults
#   oracle     logits of random Llamas by transformers, compared with ours; the vectors come back in $OUT
#   ops        our kernels, row by row
#   patterns   sparse attention by policy on attention of known patterns: time, error, mass covered (patterns.cpp)
#   peers      PyTorch's attention, products and copies; the 128K row alternates with ours
#   model      whole models of 8B shapes: LONGLEAF_BENCH_MODEL="q8_0 f16 bf16" (q8_0)
#   addon      the addon under Node (test/bench/addon-gpu.mjs says what must be carried)
#   sanitize   compute-sanitizer on the smaller tests
# Environment: LONGLEAF_BUILD (/tmp/longleaf-cuda) and LONGLEAF_ARCHITECTURE (90a), as CMake spells it;
#   LONGLEAF_ROWS: text the rows of `ops`, the policies of `patterns` must contain;
#   LONGLEAF_LENGTHS (8192,32768,131072; patterns 32768,131072);
#   LONGLEAF_MODEL_PARTS, LONGLEAF_KV: as test/bench/model.cpp; LONGLEAF_TESTS: names of `tests`; LONGLEAF_SANITIZE:
#   names of `sanitize`; LONGLEAF_LIMIT: seconds a part may take (each has a default).
# The table of all rows is printed last. With OUT set, cuda.log, rows.txt and the oracle's vectors are left there.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
build=${LONGLEAF_BUILD:-/tmp/longleaf-cuda}
architecture=${LONGLEAF_ARCHITECTURE:-90a}
lengths=${LONGLEAF_LENGTHS:-8192,32768,131072}
out=${OUT:-$(mktemp -d)}
log=$out/cuda.log
parts=${*:-build tests ops}
failed=()
: >"$log"

# cuBLAS may live in a Python package instead of the loader's path.
blas=$(find /usr/local /opt /usr/lib -name 'libcublas.so.1[23]' 2>/dev/null | head -1)
[ -n "$blas" ] && export LD_LIBRARY_PATH="$(dirname "$blas"):${LD_LIBRARY_PATH:-}"

say() { echo "$*" | tee -a "$log"; }
has() { [[ " $parts " == *" $1 "* ]]; }
card() {
  say "card: $(nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.draw,temperature.gpu,memory.used \
    --format=csv,noheader)"
}

# run NAME SECONDS COMMAND...: all of its output into the log, the lines that matter on the screen.
run() {
  local name=$1 limit=${LONGLEAF_LIMIT:-$2} begun=$SECONDS status
  shift 2
  say "== $name"
  timeout "$limit" bash -c '"$@"' run "$@" 2>&1 | tee -a "$log" |
    awk '!/^ok |^\[[0-9]+\/[0-9]+\]|^-- / && ++n <= 60 { print substr($0, 1, 200); fflush() }'
  status=${PIPESTATUS[0]}
  [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || failed+=("$name (exit $status)")
  say "== $name: exit $status, $((SECONDS - begun)) s"
  return "$status"
}

build_all() {
  local generator
  generator=$(command -v ninja >/dev/null && echo Ninja || echo 'Unix Makefiles')
  cmake -S native -B "$build" -G "$generator" -DLONGLEAF_TESTS=ON -DLONGLEAF_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES="$architecture" &&
    cmake --build "$build" -j "$(nproc)" --target longleaf_cuda_tests
}

tests_named() { # DEFAULT...: those asked for, else these
  for name in ${1:-${*:2}}; do [ -x "$build/test/test_cuda_$name" ] && echo "$name"; done
}

model() {
  local type=$1 file=/dev/shm/random-$1.gguf status
  "$build/test/longleaf_bench_model" "$file" cuda "$lengths" \
    "${LONGLEAF_MODEL_PARTS:-dense,sparse,again,decode,cancel}" "${LONGLEAF_KV:-f16}"
  status=$?
  rm -f "$file"
  return $status
}

oracle() {
  # transformers' verdict, written where a test finds it and where it comes home.
  PYTHONUNBUFFERED=1 python3 test/eval/oracle/make_vectors.py "$out/llama.txt" &&
    LONGLEAF_LOGITS=$out/llama.txt "$build/test/test_cuda_logits"
}

sanitized() {
  local tool=$1 test=$2 printed status
  printed=$(compute-sanitizer --tool "$tool" --error-exitcode 9 "$build/test/test_cuda_$test" 2>&1)
  status=$?
  grep -E 'ERROR SUMMARY|RACECHECK SUMMARY|Invalid|hazard|FAIL' <<<"$printed" | sort | uniq -c | sort -rn | head -5
  return $status
}

export -f build_all model oracle sanitized
export build architecture lengths out
card
run build 420 build_all || { tail -30 "$log" | cut -c1-240; exit 1; }
# The assembler's note that warpgroup products will wait for each other: a third of their speed, and no test fails.
! grep -q C7520 "$log" || failed+=("build (C7520: serialised products)")
if has tests; then
  for name in $(tests_named "${LONGLEAF_TESTS:-}" rows families quants matmul attend select blocks rank forward logits models fault); do
    run "test $name" 150 "$build/test/test_cuda_$name"
  done
fi
has oracle && run oracle 240 oracle
has ops && run ops 150 "$build/test/longleaf_bench_cuda" "${LONGLEAF_ROWS:-}"
has patterns && run patterns 200 "$build/test/longleaf_bench_patterns" cuda "${LONGLEAF_LENGTHS:-32768,131072}" \
  "${LONGLEAF_ROWS:-}"
has peers && run peers 200 env PYTHONUNBUFFERED=1 python3 test/bench/peers.py --lengths "$lengths" \
  --ours "$build/test/longleaf_bench_cuda"
if has model; then
  for type in ${LONGLEAF_BENCH_MODEL:-q8_0}; do run "model $type" 240 model "$type"; done
fi
has addon && run addon 300 test/bench/addon-gpu.sh "$build" "$architecture"
if has sanitize && command -v compute-sanitizer >/dev/null; then
  for name in $(tests_named "${LONGLEAF_SANITIZE:-}" rows matmul select blocks attend rank); do
    for tool in memcheck racecheck; do run "$tool $name" 200 sanitized "$tool" "$name"; done
  done
fi
card

grep -E '^[^ #].* +[0-9.]+ ms +[0-9.]+ [A-Za-z(]|^    .*( times as fast|x [0-9.]+ over| % of it|beyond weights|differ by at most)|^reruns' \
  "$log" >"$out/rows.txt"
echo "== rows"
cat "$out/rows.txt"
echo "failed: ${failed[*]:-none}"
[ ${#failed[@]} -eq 0 ]
