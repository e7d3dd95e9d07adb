"""Owns the expected logits of random models of the other families, which test/native/engine/families.test.cpp
compares with.

Usage: python3 make_family_vectors.py OUT.txt [--numpy] [NAME...]; vectors.py says what becomes of them.
"""

from __future__ import annotations

import sys

import family_transcription
from families import LONG, MODELS, described
from vectors import Maker

KEPT = 64  # logits of each row that the file keeps
# transformers normalises and computes angles in float32; far from the start those angles are off by up to 2e-3.
AGREEMENT, FAR_AGREEMENT = 2e-4, 3e-2


def main() -> int:
    return Maker(
        title="Logits of random models of several families",
        about=[
            "Made by test/eval/oracle/make_family_vectors.py; families.py says what the lines mean. logits: length,",
            f"then the first {KEPT} of (V).",
        ],
        models=MODELS,
        oracle="transformers_families",
        transcribe=lambda model, _: family_transcription.logits(model),
        agreement=lambda model: FAR_AGREEMENT if model.lengths == LONG else AGREEMENT,
        described=described,
        row=lambda values: " ".join(f"{value:.6g}" for value in values[:KEPT]),
    ).run()


if __name__ == "__main__":
    sys.exit(main())
