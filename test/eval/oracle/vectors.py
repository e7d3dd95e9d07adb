"""Owns making a file of expected logits: asks transformers (on the GPU where there is one), compares it with a
transcription in NumPy, and writes the file only when the two agree.

A maker's arguments: OUT.txt [--numpy] [NAME...]. --numpy: where torch is not installed, the transcription alone.
"""

from __future__ import annotations

import datetime
import importlib
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Maker:
    title: str  # of the file
    about: list[str]  # its next lines
    models: Iterable[Any]  # each with a name and lengths
    oracle: str  # module that asks transformers
    transcribe: Callable[[Any, bool], np.ndarray]  # of a model, and whether nobody compares: (lengths, V)
    agreement: Callable[[Any], float]  # largest difference allowed
    described: Callable[[Any], list[str]]
    row: Callable[[np.ndarray], str]  # logits as the file has them

    def run(self) -> int:
        arguments = [each for each in sys.argv[1:] if each != "--numpy"]
        alone = "--numpy" in sys.argv
        target, names = Path(arguments[0]), arguments[1:]
        oracle = None if alone else importlib.import_module(self.oracle)
        source = oracle.describe() if oracle else f"NumPy {np.__version__}, float64 transcription"
        lines = [f"# {self.title}. {source}, {datetime.date.today()}.", *(f"# {each}" for each in self.about)]
        agreed = True
        for model in self.models:
            if names and model.name not in names:
                continue
            begun = time.monotonic()
            values = ours = self.transcribe(model, alone)
            if oracle:
                values = oracle.logits(model)
                worst = float(np.abs(values - ours).max())
                ok = worst <= self.agreement(model)
                agreed &= ok
                print(f"{model.name}: transformers and NumPy differ by at most {worst:.2e} {'' if ok else 'TOO MUCH'}")
            print(f"{model.name}: spread {values.std():.2f}, {time.monotonic() - begun:.1f} s", flush=True)
            lines += self.described(model)
            lines += [f"logits {length} {self.row(row)}" for length, row in zip(model.lengths, values)]
        if agreed:
            target.write_text("\n".join(lines) + "\n")
            print(f"{target}: {target.stat().st_size} bytes")
        return 0 if agreed else 1
