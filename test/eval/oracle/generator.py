"""Owns the random models of the oracle: configurations, and weights and tokens that code on any side can make
again from a seed (test/native/engine/oracle_model.h does in C++). No file of weights is kept.

A weight is q * 2^-k with a whole q of -127 to 127, so F32, F16, BF16 and Q8_0 all hold it exactly: one set of
expected logits serves every tensor type.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Scaling:
    """RoPE scaling: linear (positions divided by factor) or llama3."""

    kind: str
    factor: float
    low: float = 1.0
    high: float = 4.0
    original: int = 0


@dataclass(frozen=True)
class Config:
    name: str
    seed: int
    layers: int
    channels: int  # a multiple of heads: transformers demands it
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocab: int
    context: int
    lengths: tuple[int, ...]  # logits are wanted after so many tokens
    rope_base: float = 10000.0
    eps: float = 1e-5
    tied: bool = False
    scaling: Scaling | None = field(default=None)


SHORT = (1, 2, 37, 130, 513)
CONFIGS = (
    Config("gqa64", 11, 3, 128, 4, 2, 64, 416, 260, 4096, SHORT),
    Config("llama3-96", 12, 3, 96, 3, 1, 96, 288, 260, 8192, (*SHORT, 1500), 500000.0,
           scaling=Scaling("llama3", 8.0, original=256)),
    Config("tied128", 13, 2, 128, 2, 2, 128, 352, 260, 4096, SHORT, eps=1e-6, tied=True),
    Config("odd", 14, 3, 100, 5, 1, 64, 250, 301, 4096, SHORT),
    Config("linear-wide", 15, 2, 64, 8, 2, 32, 96, 260, 4096, SHORT, scaling=Scaling("linear", 4.0)),
    Config("long", 16, 2, 64, 2, 1, 64, 96, 260, 65536, (1000, 32768, 33000, 40000), 500000.0),
)


def finalise(z: np.ndarray) -> np.ndarray:
    """The output function of splitmix64, of z + its increment."""
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def draws(seed: int, stream: int, count: int) -> np.ndarray:
    """(count) 64-bit values: finalise(finalise(seed * 2^32 + stream) + i)."""
    key = finalise(np.array([(seed << 32) + stream], np.uint64))
    return finalise(key + np.arange(count, dtype=np.uint64))


def exponent(inputs: int) -> int:
    """k of a matrix of so many inputs: rows of about unit length."""
    k = 6
    while (1 << (2 * (k - 6))) < inputs:
        k += 1
    return k


def integers(config: Config, stream: int, shape: tuple[int, ...]) -> np.ndarray:
    bits = (draws(config.seed, stream, math.prod(shape)) >> np.uint64(56)).astype(np.int64)
    return np.maximum(bits - 128, -127).reshape(shape)


def tensors(config: Config) -> dict[str, np.ndarray]:
    """By GGUF name, float64, rows are outputs; q and k in the order of GGUF: pairs (2i, 2i + 1) rotate."""
    C, F, V = config.channels, config.ffn, config.vocab
    Q, G = config.heads * config.head_dim, config.kv_heads * config.head_dim
    made: dict[str, np.ndarray] = {}

    def matrix(name: str, stream: int, rows: int, cols: int, k: int) -> None:
        made[name] = integers(config, stream, (rows, cols)) * 2.0**-k

    def norm(name: str, stream: int) -> None:
        made[name] = 1 + integers(config, stream, (C,)) * 2.0**-10

    matrix("token_embd.weight", 0, V, C, exponent(C) if config.tied else 6)
    norm("output_norm.weight", 1)
    if not config.tied:
        matrix("output.weight", 2, V, C, exponent(C))
    for layer in range(config.layers):
        at, p = 3 + 9 * layer, f"blk.{layer}."
        norm(p + "attn_norm.weight", at)
        matrix(p + "attn_q.weight", at + 1, Q, C, exponent(C) - 1)
        matrix(p + "attn_k.weight", at + 2, G, C, exponent(C) - 1)
        matrix(p + "attn_v.weight", at + 3, G, C, exponent(C))
        matrix(p + "attn_output.weight", at + 4, C, Q, exponent(Q))
        norm(p + "ffn_norm.weight", at + 5)
        matrix(p + "ffn_gate.weight", at + 6, F, C, exponent(C))
        matrix(p + "ffn_up.weight", at + 7, F, C, exponent(C))
        matrix(p + "ffn_down.weight", at + 8, C, F, exponent(F))
    return made


def tokens(config: Config) -> np.ndarray:
    """Byte tokens that repeat themselves now and then, so that attention has something to find."""
    bits = draws(config.seed, 1 << 20, max(config.lengths))
    ids = (bits & np.uint64(255)).astype(np.int64)
    again = ((bits >> np.uint64(8)) % np.uint64(3)) == 0
    for i in np.flatnonzero(again):
        if i > 40:
            ids[i] = ids[i - 37]
    return ids


def rope_factors(config: Config) -> np.ndarray | None:
    """(D / 2) What llama3 scaling divides each frequency by, as a GGUF file carries it: float32."""
    s = config.scaling
    if s is None or s.kind != "llama3":
        return None
    wavelength = 2 * np.pi * config.rope_base ** (np.arange(0, config.head_dim, 2) / config.head_dim)
    longest, shortest = s.original / s.low, s.original / s.high
    smooth = (s.original / wavelength - s.low) / (s.high - s.low)
    between = 1 / ((1 - smooth) / s.factor + smooth)
    factors = np.where(wavelength < shortest, 1.0, np.where(wavelength > longest, s.factor, between))
    return factors.astype(np.float32)
