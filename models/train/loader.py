"""Owns the worker processes that make rows ahead of the trainer, one bounded queue per length."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from pathlib import Path
from queue import Full

import numpy as np

from .corpus import Corpus
from .curriculum import shares
from .rows import RowMaker
from .settings import ROW_PLANS, SEED
from .tokenizer import Tokenizer

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]  # tokens, positions, weights, rows first


def make_batch(maker: RowMaker, length: int) -> Batch:
    """Positions are counted through the whole batch, as the flat list of hidden states is."""
    plan = ROW_PLANS[length]
    rows = [maker.row(plan) for _ in range(plan.rows)]
    positions = np.stack([row.positions + i * length for i, row in enumerate(rows)])
    return np.stack([row.tokens for row in rows]), positions, np.stack([row.weights for row in rows])


class Loader:
    """Start it before CUDA is touched: the workers are forks of this process."""

    def __init__(self, store: Path, tables: Path, workers: int, rank: int, seed: int = SEED) -> None:
        context = multiprocessing.get_context("fork")
        self.queues = {length: context.Queue(maxsize=max(2, workers)) for length in ROW_PLANS}
        self.fraction = context.Value("d", 0.0)
        corpus = Corpus(store, Tokenizer.from_gguf(tables))
        for number in range(workers):
            maker = RowMaker(corpus, seed + 7919 * (rank * 1000 + number))
            context.Process(target=self._work, args=(maker,), daemon=True).start()

    def _wanted(self, rng: random.Random) -> int:
        """Mostly the phase at hand, a little of the next, so that its first step need not wait."""
        now = self.fraction.value
        share = shares(now) if rng.random() < 0.85 else shares(min(1.0, now + 0.03))
        speed = {length: 1.0 / (1 + length / 16_384) for length in share}
        return rng.choices(list(share), [share[length] * speed[length] + 0.02 for length in share])[0]

    def _work(self, maker: RowMaker) -> None:
        os.nice(5)
        rng, parent = random.Random(maker.rng.random()), os.getppid()
        while os.getppid() == parent:
            length = self._wanted(rng)
            if self.queues[length].full():
                time.sleep(0.003)
                continue
            try:
                self.queues[length].put(make_batch(maker, length), timeout=5)
            except Full:
                continue

    def batch(self, length: int) -> Batch:
        return self.queues[length].get(timeout=120)
