"""Owns text <-> ids: byte-level BPE with the GPT-2 pre-tokenizer, read from a GGUF's own tables.

Written with the standard library only, so that data, tests and evaluation share one encoder;
a cache of whole pre-tokens makes it fast enough to feed training.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from pathlib import Path

from .gguf import read_gguf
from .settings import CONTROL_TOKENS


@functools.cache
def byte_symbols() -> list[str]:
    """The printable character that stands for each byte in the vocabulary."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(spare)) for b in range(256)]


def _class_of(category: str) -> str:
    """Ranges of all code points whose Unicode category starts with one letter (`re` has no \\p)."""
    ranges: list[list[int]] = []
    for point in range(sys.maxunicode + 1):
        if unicodedata.category(chr(point))[0] == category:
            if ranges and ranges[-1][1] == point - 1:
                ranges[-1][1] = point
            else:
                ranges.append([point, point])
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in ranges)


@functools.cache
def pre_token_pattern() -> re.Pattern[str]:
    letters, numbers = _class_of("L"), _class_of("N")
    return re.compile(
        rf"'s|'t|'re|'ve|'m|'ll|'d| ?[{letters}]+| ?[{numbers}]+| ?[^\s{letters}{numbers}]+|\s+(?!\S)|\s+"
    )


class Tokenizer:
    """Encodes plain text (control tokens in the text stay text) and decodes ids."""

    def __init__(self, tokens: list[str], merges: list[str]) -> None:
        self.tokens, self.merges = tokens, merges
        self.ids = {token: i for i, token in enumerate(tokens)}
        self.ranks = {tuple(merge.split(" ")): rank for rank, merge in enumerate(merges)}
        self.split = pre_token_pattern().findall
        self.cache: dict[str, tuple[int, ...]] = {}
        byte_of = {symbol: bytes([b]) for b, symbol in enumerate(byte_symbols())}
        self.token_bytes = [
            token.encode() if i < len(CONTROL_TOKENS) else b"".join(byte_of[c] for c in token)
            for i, token in enumerate(tokens)
        ]

    @classmethod
    def from_gguf(cls, path: Path) -> "Tokenizer":
        file = read_gguf(path)
        return cls(file.value("tokenizer.ggml.tokens"), file.value("tokenizer.ggml.merges"))

    def _merge(self, piece: str) -> tuple[int, ...]:
        symbols = byte_symbols()
        parts = [symbols[b] for b in piece.encode("utf-8")]
        while len(parts) > 1:
            ranked = [(self.ranks.get(pair, 1 << 30), i) for i, pair in enumerate(zip(parts, parts[1:]))]
            rank, at = min(ranked)
            if rank == 1 << 30:
                break
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return tuple(self.ids[part] for part in parts)

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        cache = self.cache
        for piece in self.split(text):
            found = cache.get(piece)
            if found is None:
                found = self._merge(piece)
                if len(cache) < 1_000_000:
                    cache[piece] = found
            ids += found
        return ids

    def decode(self, ids: list[int]) -> str:
        table = self.token_bytes
        return b"".join([table[i] for i in ids]).decode("utf-8", errors="replace")
