"""Owns the expected logits of random Llama models, which test/native/engine/logits.test.cpp compares with.

Usage: python3 make_vectors.py OUT.txt [--numpy] [NAME...]; vectors.py says what becomes of them.
"""

from __future__ import annotations

import sys

import numpy as np

import transcription
from generator import CONFIGS, Config, rope_factors
from vectors import Maker

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


def described(config: Config) -> list[str]:
    factors = rope_factors(config)
    return [line(config)] + ([] if factors is None else ["factors " + " ".join(f"{factor:.9g}" for factor in factors)])


def main() -> int:
    return Maker(
        title="Logits of random Llama models",
        about=[
            "Made by test/eval/oracle/make_vectors.py, which says what they are. config: name seed L C H G D F V",
            "context rope-base eps tied linear-factor; factors: of llama3 scaling (D / 2); logits: length, then (V).",
        ],
        models=CONFIGS,
        oracle="transformers_llama",
        transcribe=lambda config, alone: transcription.logits(config, rounded_angles=not alone),
        agreement=lambda config: AGREEMENT.get(config.name, DEFAULT_AGREEMENT),
        described=described,
        row=numbers,
    ).run()


if __name__ == "__main__":
    sys.exit(main())
