"""Owns a Llama in NumPy, double precision, written from its definition: the oracle's own second opinion."""

from __future__ import annotations

import math

import numpy as np

from generator import Config, rope_factors, tensors, tokens


def norm(x: np.ndarray, weight: np.ndarray, eps: float) -> np.ndarray:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def angles(config: Config, length: int, rounded: bool) -> np.ndarray:
    """(T, D / 2). `rounded`: frequencies and angles in float32, as transformers computes them."""
    theta = config.rope_base ** (-np.arange(0, config.head_dim, 2) / config.head_dim)
    factors = rope_factors(config)
    if factors is not None:
        theta = theta / factors
    if config.scaling and config.scaling.kind == "linear":
        theta = theta / config.scaling.factor
    if rounded:
        return np.arange(length, dtype=np.float32)[:, None] * theta.astype(np.float32)
    return np.arange(length)[:, None] * theta


def rotate(x: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """x (T, heads, D), pairs (2i, 2i + 1)."""
    cos, sin = np.cos(angle)[:, None].astype(np.float64), np.sin(angle)[:, None].astype(np.float64)
    even, odd = x[..., 0::2], x[..., 1::2]
    out = np.empty_like(x)
    out[..., 0::2] = even * cos - odd * sin
    out[..., 1::2] = even * sin + odd * cos
    return out


def attend(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, rows: np.ndarray, scale: float = 0, cap: float = 0, window: int = 0
) -> np.ndarray:
    """q (T, H, D), k and v (T, G, D) -> (rows, H * D); a block of rows at a time. 0: a scale of 1 / sqrt(D), no
    soft cap, no window."""
    scale = scale or 1 / math.sqrt(q.shape[2])
    heads, group = q.shape[1], q.shape[1] // k.shape[1]
    out = np.empty((len(rows), heads, q.shape[2]))
    block = max(1, 20_000_000 // len(k))
    for h in range(heads):
        keys, values = k[:, h // group], v[:, h // group]
        for at in range(0, len(rows), block):
            some = rows[at : at + block]
            last = some.max() + 1
            scores = q[some, h] @ keys[:last].T * scale
            if cap:
                scores = cap * np.tanh(scores / cap)
            behind = some[:, None] - np.arange(last)[None]
            scores[(behind < 0) | (behind >= (window or last))] = -np.inf
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            out[at : at + block, h] = (scores @ values[:last]) / scores.sum(-1, keepdims=True)
    return out.reshape(len(rows), -1)


def logits(config: Config, rounded_angles: bool = False) -> np.ndarray:
    """(lengths, V) after each of config.lengths."""
    w = tensors(config)
    x = w["token_embd.weight"][tokens(config)]
    angle = angles(config, len(x), rounded_angles)
    wanted = np.array(config.lengths) - 1
    for layer in range(config.layers):
        p = f"blk.{layer}."
        normed = norm(x, w[p + "attn_norm.weight"], config.eps)
        q, k, v = (
            (normed @ w[p + f"attn_{name}.weight"].T).reshape(len(x), -1, config.head_dim) for name in "qkv"
        )
        rows = wanted if layer == config.layers - 1 else np.arange(len(x))
        mixed = attend(rotate(q, angle), rotate(k, angle), v, rows)
        x = x[rows] + mixed @ w[p + "attn_output.weight"].T
        normed = norm(x, w[p + "ffn_norm.weight"], config.eps)
        gate = normed @ w[p + "ffn_gate.weight"].T
        up = normed @ w[p + "ffn_up.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w[p + "ffn_down.weight"].T
    head = w["token_embd.weight" if config.tied else "output.weight"]
    return norm(x, w["output_norm.weight"], config.eps) @ head.T
