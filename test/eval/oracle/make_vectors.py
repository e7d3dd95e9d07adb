"""Owns the expected logits of random Llama models, which test/native/engine/logits.test.cpp compares with.

Usage: python3 make_vectors.py OUT.txt [--numpy] [NAME...]
Asks transformers (on the GPU where there is one) and compares it with the transcription in NumPy; the file is
only written when the two agree. --numpy: where torch is not installed, the transcription alone.
"""

from __future__ import annotations

import datetime
import sys
import time
from pathlib import Path

import numpy as np

import transcription
from generator import CONFIGS, Config, rope_factors

# transformers normalises and computes angles in float32. At 40,000 positions those angles are off by up to
# 2e-3; the transcription does the same for this comparison.
AGREEMENT = {"long": 2e-2}
DEFAULT_AGREEMENT = 2e-4


def line(config: Config) -> str:
    s = config.scaling
    linear = s.factor if s and s.kind == "linear" else 0
    fields = (
        config.seed, config.layers, config.channels, config.heads, config.kv_heads, config.head_dim, config.ffn,
        config.vocab, config.context, f"{config.rope_base:.9g}", f"{config.eps:.9g}", int(config.tied),
        f"{linear:.9g}",
    )  # fmt: skip
    return " ".join(["config", config.name, *map(str, fields)])


def numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.7g}" for value in values)


def main() -> int:
    arguments = [each for each in sys.argv[1:] if each != "--numpy"]
    alone = "--numpy" in sys.argv
    target, names = Path(arguments[0]), arguments[1:]
    if not alone:
        import transformers_llama
    source = f"NumPy {np.__version__}, float64 transcription" if alone else transformers_llama.describe()
    lines = [
        f"# Logits of random Llama models. {source}, {datetime.date.today()}.",
        "# Made by test/eval/oracle/make_vectors.py, which says what they are. config: name seed L C H G D F V",
        "# context rope-base eps tied linear-factor; factors: of llama3 scaling (D / 2); logits: length, then (V).",
    ]
    agreed = True
    for config in CONFIGS:
        if names and config.name not in names:
            continue
        begun = time.monotonic()
        ours = transcription.logits(config, rounded_angles=not alone)
        values = ours
        if not alone:
            values = transformers_llama.logits(config)
            worst = float(np.abs(values - ours).max())
            ok = worst <= AGREEMENT.get(config.name, DEFAULT_AGREEMENT)
            agreed &= ok
            print(f"{config.name}: transformers and NumPy differ by at most {worst:.2e} {'' if ok else 'TOO MUCH'}")
        print(f"{config.name}: spread {values.std():.2f}, {time.monotonic() - begun:.1f} s", flush=True)
        lines.append(line(config))
        factors = rope_factors(config)
        if factors is not None:
            lines.append("factors " + " ".join(f"{factor:.9g}" for factor in factors))
        lines += [f"logits {n} {numbers(row)}" for n, row in zip(config.lengths, values)]
    if agreed:
        target.write_text("\n".join(lines) + "\n")
        print(f"{target}: {target.stat().st_size} bytes")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
