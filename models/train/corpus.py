"""Owns reading the tokenised store: sentences, their words and flags, and SQuAD's questions."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import numpy as np

from .corpus_build import BOOK, PROSE, QUOTABLE, SQUAD
from .tokenizer import Tokenizer


class Corpus:
    """Memory-mapped view of the store; cheap to share between forked workers."""

    def __init__(self, store: Path, tokenizer: Tokenizer) -> None:
        # Plain arrays over the mapped files: indexing a memmap object costs several times more.
        load = lambda name: np.asarray(np.load(store / f"{name}.npy", mmap_mode="r")).view(np.ndarray)
        self.tokenizer = tokenizer
        self.tokens = load("tokens")
        self.sentence_tokens = load("sentence_tokens")
        self.words = load("words")
        self.sentence_words = load("sentence_words")
        self.flags = load("flags")
        self.text_sentences = load("text_sentences")
        about = pickle.loads((store / "texts.pickle").read_bytes())
        self.kinds = np.array([kind for kind, *_ in about], np.uint8)
        self.titles = [title for _, title, *_ in about]
        self.held_out = np.array([held for _, _, held, _ in about])
        self.questions = [questions for *_, questions in about]
        self._pools: dict[tuple[int, bool], tuple[list[int], list[int]]] = {}

    def pool(self, kind: int, held_out: bool) -> tuple[list[int], list[int]]:
        """Texts of one kind on one side of the held-out line, and their lengths in tokens."""
        key = (kind, held_out)
        if key not in self._pools:
            texts = np.flatnonzero((self.kinds == kind) & (self.held_out == held_out))
            bounds = self.sentence_tokens[self.text_sentences]
            self._pools[key] = texts.tolist(), (bounds[texts + 1] - bounds[texts]).tolist()
        return self._pools[key]

    def pick_text(self, kind: int, held_out: bool, rng: random.Random) -> int:
        texts, lengths = self.pool(kind, held_out)
        # A book is drawn by its length, so that no book is read more often than it is long.
        return rng.choices(texts, lengths)[0] if kind == BOOK else rng.choice(texts)

    def sentence_ids(self, sentence: int) -> np.ndarray:
        return self.tokens[self.sentence_tokens[sentence] : self.sentence_tokens[sentence + 1]]

    def sentence(self, sentence: int) -> str:
        return self.tokenizer.decode(self.sentence_ids(sentence).tolist()).strip()

    def is_quotable(self, sentence: int) -> bool:
        return bool(self.flags[sentence] & QUOTABLE)

    def random_vocabulary(self, rng: random.Random, count: int) -> list[str]:
        """Plain lower-case words of random training sentences: fresh adjectives and nouns for keys."""
        words: list[str] = []
        while len(words) < count:
            text = self.pick_text(rng.choice((BOOK, PROSE, SQUAD)), False, rng)
            sentence = rng.randrange(self.text_sentences[text], self.text_sentences[text + 1])
            found = [w for w in self.sentence(sentence).split() if w.isalpha() and w.islower() and 4 <= len(w) <= 10]
            words += found[:3] or ["lantern"]
        return words
