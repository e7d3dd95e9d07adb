"""Owns where a copy can go astray: places whose preceding words the document continues in several ways."""

from __future__ import annotations

import numpy as np

ORDERS = (1, 2, 3)  # how many preceding tokens are looked at, near a quotation's start fewer
BITS = 13  # of a token id: vocabularies up to 8,192


def _contexts(ids: np.ndarray, order: int) -> np.ndarray:
    """One number for each run of `order` tokens; the first ends at index order - 1."""
    made = ids[: len(ids) - order + 1].astype(np.int64)
    for offset in range(1, order):
        made = made << BITS | ids[offset : len(ids) - order + 1 + offset]
    return made


class Doubt:
    """Contexts of one document that more than one token follows."""

    def __init__(self, tokens: list[int]) -> None:
        ids = np.asarray(tokens, np.int64)
        self.forks: dict[int, np.ndarray] = {}
        for order in ORDERS:
            context = np.unique(_contexts(ids, order + 1)) >> BITS
            forks = context[1:][context[1:] == context[:-1]]
            self.forks[order] = forks[np.append(True, forks[1:] != forks[:-1])] if len(forks) else forks

    def at(self, sentence: list[int]) -> np.ndarray:
        """For each token of a sentence of the document, whether its up to three predecessors in the
        sentence leave it open; the first always is."""
        ids, doubtful = np.asarray(sentence, np.int64), np.ones(len(sentence), bool)
        for order in ORDERS:
            last = order == ORDERS[-1]
            context = _contexts(ids[: len(ids) - 1 if last else order], order)
            if len(context) and len(ids) > order:
                forks = self.forks[order]
                place = np.minimum(np.searchsorted(forks, context), max(0, len(forks) - 1))
                doubtful[order : order + len(context)] = forks[place] == context if len(forks) else False
        return doubtful
