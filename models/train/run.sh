#!/usr/bin/env bash
# One training stage on a bare machine, from the corpus to files small enough to carry away, within a
# fixed time: builds the store, trains, exports, measures, packs. Works in models/.
#
# Usage: train/run.sh STAGE SECONDS CORPUS OUT
#   CUDA_VISIBLE_DEVICES  the GPUs to train on (measuring uses the first)
#   LEAVE                 CPU cores to leave alone (10)
#   MEASURE               seconds for measuring (65)
#   LENGTHS               tokens of the documents to measure on
#   SPARSE                settings LAYERS@TAU to measure, in words
#   BASE                  a GGUF to measure on the same questions and compare with, on the last GPU meanwhile
#   WORK                  scratch folder
#
# OUT gets at most 4 files, all under 16 MB: the GGUF in two parts, the logs and figures, a summary.
# No -e: when a step fails, what the others made must still come home.
set -uo pipefail

readonly STAGE=$1 SECONDS_ALL=$2 CORPUS=$3 OUT=$4
readonly BEGAN=$(date +%s)
readonly LEAVE=${LEAVE:-10} MEASURE=${MEASURE:-65} WORK=${WORK:-/tmp/longleaf-train}
readonly SPARSE=${SPARSE:-4,5,6,7@0.02 2,3,4,5,6,7@0.02 2,3,4,5,6,7@0.1 3,4,5,6,7@0.1 6,7@0.05}
readonly LENGTHS=${LENGTHS:-4096 16384 65536 131072}
readonly BASE=${BASE:-}
readonly FINISH=15 # seconds kept for export and packing
readonly TABLES=longleaf-mini.gguf INIT=${INIT:-longleaf-mini.gguf}
export PYTHONHASHSEED=0 PYTHONUNBUFFERED=1 OMP_NUM_THREADS=2 TORCHINDUCTOR_CACHE_DIR=$WORK/inductor

left() { echo $((BEGAN + SECONDS_ALL - $(date +%s))); }
say() { echo "[$(($(date +%s) - BEGAN)) s] $*" | tee -a "$WORK/stage.log"; }
# Runs in its own process group, which is ended as a whole when the time is up.
within() { local limit=$1; shift; if ((limit < 1)); then return 124; fi; timeout -k 3 "$limit" "$@"; }

mkdir -p "$WORK" "$OUT"
cores=$(nproc --all) # plain nproc would count OMP_NUM_THREADS
mine=$((cores > LEAVE + 2 ? cores - LEAVE : cores))
gpus=$(awk -F, '{print NF}' <<<"${CUDA_VISIBLE_DEVICES:?name the GPUs to train on}")
workers=$(((mine - 2) / gpus > 1 ? (mine - 2) / gpus : 1))
pinned=(taskset -c "0-$((mine - 1))")
say "stage $STAGE: $gpus GPU(s), $mine of $cores cores, $workers row makers each, from $INIT"

within 120 "${pinned[@]}" python3 -m train.corpus_build "$CORPUS" "$TABLES" "$WORK/store" "$mine" >"$WORK/store.log" 2>&1 &
builder=$!
training=$(($(left) - MEASURE - FINISH))
minutes=$(awk "BEGIN {print $training / 60}")
within $((training + 12)) "${pinned[@]}" python3 -m train.launch --store "$WORK/store" --tables "$TABLES" --init "$INIT" \
  --run "$WORK/run" --minutes "$minutes" --workers "$workers" --stage "$STAGE" >"$WORK/train.log" 2>&1
say "training ended with $?: $(cat "$WORK/run/finished" 2>/dev/null || echo unfinished)"
wait "$builder" || say "the store failed: $(tail -n 2 "$WORK/store.log")"

within 40 "${pinned[@]}" python3 -m train.export "$WORK/run/checkpoint.pt" "$TABLES" "$WORK/export" >"$WORK/export.log" 2>&1
say "export ended with $?: $(tail -n 1 "$WORK/export.log")"
if [[ -s $WORK/export/longleaf-mini.gguf ]]; then
  split -b 15000000 "$WORK/export/longleaf-mini.gguf" "$OUT/longleaf-mini.gguf.part-"
  measuring=$(($(left) - 8))
  # Usage: measure GPU MODEL FOLDER SECONDS_FOR_GREEDY_ANSWERS [OPTION...]
  measure() {
    local gpu=$1 model=$2 folder=$3 dense=$4
    shift 4
    # shellcheck disable=SC2086 # lengths are words
    CUDA_VISIBLE_DEVICES=$gpu within "$measuring" "${pinned[@]}" python3 -m train.evaluate --model "$model" --tables "$TABLES" \
      --store "$WORK/store" --out "$folder" --seconds $((measuring - 4)) --dense-seconds "$dense" --lengths $LENGTHS "$@"
  }
  first=${CUDA_VISIBLE_DEVICES%%,*} last=${CUDA_VISIBLE_DEVICES##*,}
  dense=$((measuring * (gpus > 1 || ${#BASE} == 0 ? 7 : 4) / 10))
  if [[ -n $BASE && $gpus -gt 1 ]]; then
    measure "$last" "$BASE" "$WORK/base" "$dense" >"$WORK/base.log" 2>&1 &
    basing=$!
  elif [[ -n $BASE ]]; then
    measuring=$((measuring / 2)) measure "$first" "$BASE" "$WORK/base" "$dense" >"$WORK/base.log" 2>&1
    measuring=$(($(left) - 8))
  fi
  # shellcheck disable=SC2086 # settings are words
  measure "$first" "$WORK/export/longleaf-mini.gguf" "$WORK/figures" "$dense" --sparse $SPARSE --sparse-lengths 16384 >"$WORK/measure.log" 2>&1
  say "measuring ended with $?"
  if [[ -n $BASE ]]; then
    if [[ -n ${basing:-} ]]; then wait "$basing"; fi
    say "measuring $BASE ended: $(tail -n 1 "$WORK/base.log")"
    python3 -m train.compare "$WORK/base" "$WORK/figures" >"$WORK/compare.md" 2>&1
  fi
fi

{
  cat "$WORK/stage.log" "$WORK/store.log"
  grep -v '^{' "$WORK/train.log" | tail -n 12
  grep '^{' "$WORK/train.log" | tail -n 2
  cat "$WORK/measure.log"
  if [[ -n $BASE ]]; then cat "$WORK/compare.md"; fi
} >"$OUT/summary.txt" 2>/dev/null
tar -C "$WORK" -cJf "$OUT/logs.tar.xz" stage.log store.log train.log export.log measure.log figures $([[ -n $BASE ]] && echo base base.log compare.md) 2>/dev/null
cat "$OUT/summary.txt"
ls -l "$OUT"
say "done"
