#!/usr/bin/env bash
# Builds the addon on a machine that has neither Node nor npm and runs test/bench/addon-gpu.mjs there.
#   test/bench/addon-gpu.sh pack               here: fills .carry (ignored by .git/info/exclude) with the pinned Node,
#                                              packed to about 30 MB, and the headers of Node-API
#   test/bench/addon-gpu.sh [build] [arch]     there: unpacks, builds without cmake-js, runs
#   LONGLEAF_ADDON_SCRIPT=test/eval/run.mjs LONGLEAF_ADDON_ARGUMENTS="--device cuda --tokens 65536" test/bench/addon-gpu.sh
#                                              the evaluation instead (test/eval/README.md)
# Environment: LONGLEAF_CARRY (.carry), LONGLEAF_ADDON_SCRIPT (addon-gpu.mjs) and its LONGLEAF_ADDON_ARGUMENTS.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
carry=${LONGLEAF_CARRY:-.carry}

if [ "${1:-}" = pack ]; then
  grep -qx '/.carry/' "$(git rev-parse --git-path info/exclude)" 2>/dev/null ||
    echo '/.carry/' >>"$(git rev-parse --git-path info/exclude)"
  mkdir -p "$carry/include"
  cp node_modules/node-api-headers/include/*.h node_modules/node-addon-api/*.h "$carry/include/"
  cp node_modules/node/bin/node "$carry/node"
  strip -s "$carry/node"
  xz -9 -T0 -f "$carry/node"
  du -sh "$carry"
  exit
fi

build=${1:-/tmp/longleaf-cuda}
architecture=${2:-90a}
[ -f "$carry/node.xz" ] || { echo "skipped: $carry/node.xz is not here; test/bench/addon-gpu.sh pack makes it"; exit 77; }
node=$(mktemp -d)/node
python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), open(sys.argv[2], "wb"))' "$carry/node.xz" "$node"
chmod +x "$node"
echo "Node $("$node" --version)"
cmake -S native -B "$build" -DLONGLEAF_CUDA="${LONGLEAF_CUDA:-ON}" -DCMAKE_CUDA_ARCHITECTURES="$architecture" \
  -DLONGLEAF_NODE_API_INCLUDE="$PWD/$carry/include" >/dev/null
cmake --build "$build" -j "$(nproc)" --target longleaf_addon | tail -1
addon=$(find "$build" -name longleaf.node | head -1)
ls -l "$addon"
# xargs, so that an argument may have quotes: --orders "read first".
xargs "$node" "${LONGLEAF_ADDON_SCRIPT:-test/bench/addon-gpu.mjs}" --addon "$addon" <<<"${LONGLEAF_ADDON_ARGUMENTS:-}"
