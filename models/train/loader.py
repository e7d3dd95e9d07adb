"""Owns the worker processes that make rows ahead of the trainer, one bounded queue per length."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Full

import numpy as np

from .corpus import Corpus
from .corpus_build import is_complete
from .curriculum import shares
from .rows import RowMaker
from .settings import ROW_PLANS, SEED
from .tokenizer import Tokenizer


@dataclass
class Batch:
    """The rows of one step, rows first; scored places are counted through the whole batch."""

    tokens: np.ndarray  # u16 [B, T + 1]
    scored: np.ndarray  # i32 [B, n]
    weights: np.ndarray  # f32 [B, n]
    marks: np.ndarray  # u8 [B, n]
    places: np.ndarray  # i32 [B, T]
    ends: list[int]


def make_batch(maker: RowMaker, length: int) -> Batch:
    plan = ROW_PLANS[length]
    rows = [maker.row(plan) for _ in range(plan.rows)]
    scored = np.stack([row.scored + i * length for i, row in enumerate(rows)])
    stacked = (np.stack([getattr(row, name) for row in rows]) for name in ("tokens", "weights", "marks", "places"))
    tokens, weights, marks, places = stacked
    return Batch(tokens, scored, weights, marks, places, [row.end for row in rows])


class Loader:
    """Start it before CUDA is touched: the workers are forks of this process. They wait for the store,
    so that it can be built while the trainer compiles."""

    def __init__(self, store: Path, tables: Path, workers: int, rank: int, stage: int) -> None:
        context = multiprocessing.get_context("fork")
        self.stage, self.store = stage, store
        self.queues = {length: context.Queue(maxsize=max(2, workers)) for length in ROW_PLANS}
        self.fraction = context.Value("d", 0.0)
        self.tokenizer = Tokenizer.from_gguf(tables)
        for number in range(workers):
            context.Process(target=self._work, args=(SEED + 104_729 * stage + 7919 * (rank * 1000 + number),), daemon=True).start()

    def _wanted(self, rng: random.Random) -> int:
        """Mostly the phase at hand, a little of the next, so that its first step need not wait."""
        now = self.fraction.value
        share = shares(self.stage, now if rng.random() < 0.85 else min(1.0, now + 0.04))
        mode = rng.choices(list(share), [s / (1 + m.length / 16_384) + 0.02 for m, s in share.items()])[0]
        return mode.length

    def _work(self, seed: int) -> None:
        os.nice(5)
        parent = os.getppid()
        while not is_complete(self.store) and os.getppid() == parent:
            time.sleep(0.05)
        rng, maker = random.Random(seed), RowMaker(Corpus(self.store, self.tokenizer), seed)
        while os.getppid() == parent:
            length = self._wanted(rng)
            if self.queues[length].full():
                time.sleep(0.003)
                continue
            try:
                self.queues[length].put(make_batch(maker, length), timeout=5)
            except Full:
                continue
        os._exit(0)  # an orderly end would wait for somebody to read what is left in the queues

    def batch(self, length: int) -> Batch:
        return self.queues[length].get(timeout=180)
