"""Owns the expected logits of random models of the other families, which test/native/engine/families.test.cpp
compares with.

Usage: python3 make_family_vectors.py OUT.txt [--numpy] [NAME...]
Asks transformers (on the GPU where there is one) and compares it with the transcription in NumPy; the file is
only written when the two agree. --numpy: where torch is not installed, the transcription alone.
"""

from __future__ import annotations

import datetime
import sys
import time
from pathlib import Path

import numpy as np

import family_transcription
from families import LONG, MODELS, described

KEPT = 64  # logits of each row that the file keeps
# transformers normalises and computes angles in float32; far from the start those angles are off by up to 2e-3.
AGREEMENT, FAR_AGREEMENT = 2e-4, 3e-2


def main() -> int:
    arguments = [each for each in sys.argv[1:] if each != "--numpy"]
    alone = "--numpy" in sys.argv
    target, names = Path(arguments[0]), arguments[1:]
    if not alone:
        import transformers_families
    source = f"NumPy {np.__version__}, float64 transcription" if alone else transformers_families.describe()
    lines = [
        f"# Logits of random models of several families. {source}, {datetime.date.today()}.",
        "# Made by test/eval/oracle/make_family_vectors.py; families.py says what the lines mean. logits: length,",
        f"# then the first {KEPT} of (V).",
    ]
    agreed = True
    for model in MODELS:
        if names and model.name not in names:
            continue
        begun = time.monotonic()
        values = ours = family_transcription.logits(model)
        if not alone:
            values = transformers_families.logits(model)
            worst = float(np.abs(values - ours).max())
            ok = worst <= (FAR_AGREEMENT if model.lengths == LONG else AGREEMENT)
            agreed &= ok
            print(f"{model.name}: transformers and NumPy differ by at most {worst:.2e} {'' if ok else 'TOO MUCH'}")
        print(f"{model.name}: spread {values.std():.2f}, {time.monotonic() - begun:.1f} s", flush=True)
        lines += described(model)
        for length, row in zip(model.lengths, values):
            lines.append(f"logits {length} " + " ".join(f"{value:.6g}" for value in row[:KEPT]))
    if agreed:
        target.write_text("\n".join(lines) + "\n")
        print(f"{target}: {target.stat().st_size} bytes")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
