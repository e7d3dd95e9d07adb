"""Owns the families in NumPy, double precision, written from their definitions: the oracle's own second opinion."""

from __future__ import annotations

import math

import numpy as np

import transcription
from families import Model, values
from generator import tokens
from transcription import attend

NEOX = ("qwen2", "qwen3", "phi3", "gemma", "gemma2", "gemma3")


def norm(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return transcription.norm(x, weight, float(np.float32(1e-5)))


def yarn(m: Model, dims: int, theta: np.ndarray, factor: float) -> np.ndarray:
    """Frequencies between those of the text as it is and those of the text drawn together (2309.00071, 3.2)."""
    base, original = m.get("rope.freq_base", 10000.0), m.get("rope.scaling.original_context_length", m.context)

    def pair_of(rotations: float) -> float:
        return dims * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low, high = max(0, math.floor(pair_of(32))), min(dims - 1, math.ceil(pair_of(1)))
    slow = np.clip((np.arange(dims // 2) - low) / max(0.001, high - low), 0, 1)
    return theta / factor * slow + theta * (1 - slow)


def frequencies(m: Model, windowed: bool) -> tuple[np.ndarray, float]:
    """(dims / 2) and what cosines and sines are multiplied by."""
    dims = m.get("rope.dimension_count", m.head_dim)
    base = m.get("rope.freq_base", 10000.0)
    if windowed and m.family == "gemma3":
        return 10000.0 ** (-np.arange(0, dims, 2) / dims), 1.0
    theta, magnitude = base ** (-np.arange(0, dims, 2) / dims), m.get("rope.scaling.attn_factor", 1.0)
    kind, factor = m.get("rope.scaling.type", "linear"), m.get("rope.scaling.factor", 1.0)
    if kind == "yarn":
        multiplier = m.get("rope.scaling.yarn_log_multiplier", 0.0)
        gain = 0.1 * math.log(factor)
        return yarn(m, dims, theta, factor), magnitude * (1 + gain) / (1 + multiplier * gain)
    if m.factors:
        extended = m.context > m.get("rope.scaling.original_context_length", m.context)
        theta = theta / np.array(m.factors[f"rope_factors_{'long' if extended else 'short'}.weight"])
    return theta / factor, magnitude


def rotate(m: Model, x: np.ndarray, windowed: bool) -> np.ndarray:
    """x (T, heads, D)"""
    theta, magnitude = frequencies(m, windowed)
    angle = np.arange(len(x))[:, None] * theta
    cos, sin = np.cos(angle)[:, None] * magnitude, np.sin(angle)[:, None] * magnitude
    half, out = len(theta), x.copy()
    first, second = (
        (slice(0, half), slice(half, 2 * half)) if m.family in NEOX else (slice(0, 2 * half, 2), slice(1, 2 * half, 2))
    )
    a, b = x[..., first], x[..., second]
    out[..., first], out[..., second] = a * cos - b * sin, a * sin + b * cos
    return out


def windowed_layers(m: Model) -> list[bool]:
    if not m.get("attention.sliding_window"):
        return [False] * m.layers
    pattern = m.get("attention.sliding_window_pattern", {"gemma2": 2, "gemma3": 6}[m.family])
    return pattern if isinstance(pattern, list) else [layer % pattern < pattern - 1 for layer in range(m.layers)]


def projections(m: Model, w: dict, p: str, x: np.ndarray) -> list[np.ndarray]:
    """q (T, H, D), k and v (T, G, D), with biases and norms of heads."""
    Q, G = m.heads * m.head_dim, m.kv_heads * m.head_dim
    if m.family == "phi3":
        parts = np.split(x @ w[p + "attn_qkv.weight"].T, [Q, Q + G], axis=-1)
    else:
        parts = [x @ w[p + f"attn_{name}.weight"].T for name in "qkv"]
    for i, name in enumerate("qkv"):
        if m.bias:
            parts[i] = parts[i] + w[p + f"attn_{name}.bias"]
        parts[i] = parts[i].reshape(len(x), -1, m.head_dim)
        if name != "v" and p + f"attn_{name}_norm.weight" in w:
            parts[i] = norm(parts[i], w[p + f"attn_{name}_norm.weight"])
    return parts


def feed_forward(m: Model, w: dict, p: str, x: np.ndarray) -> np.ndarray:
    up = x @ w[p + "ffn_up.weight"].T
    gate, up = np.split(up, 2, axis=-1) if m.family == "phi3" else (x @ w[p + "ffn_gate.weight"].T, up)
    if m.family.startswith("gemma"):
        gate = 0.5 * gate * (1 + np.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate**3)))
    else:
        gate = gate / (1 + np.exp(-gate))
    return (gate * up) @ w[p + "ffn_down.weight"].T


def logits(m: Model) -> np.ndarray:
    """(lengths, V) after each of the model's lengths."""
    w = values(m)
    x = w["token_embd.weight"][tokens(m)]
    x = x * m.get("embedding_scale", math.sqrt(m.channels) if m.family.startswith("gemma") else 1.0)
    wanted = np.array(m.lengths) - 1
    branch = m.get("residual_scale", 1.0)
    for layer, windowed in enumerate(windowed_layers(m)):
        p = f"blk.{layer}."
        q, k, v = projections(m, w, p, norm(x, w[p + "attn_norm.weight"]))
        if not (m.family == "smollm3" and layer % 4 == 3):
            q, k = rotate(m, q, windowed), rotate(m, k, windowed)
        rows = wanted if layer == m.layers - 1 else np.arange(len(x))
        scale, cap = m.get("attention.scale", 0), m.get("attn_logit_softcapping", 0)
        mixed = attend(q, k, v, rows, scale, cap, m.get("attention.sliding_window") if windowed else 0)
        mixed = mixed @ w[p + "attn_output.weight"].T
        if p + "post_attention_norm.weight" in w:
            mixed = norm(mixed, w[p + "post_attention_norm.weight"])
        x = x[rows] + branch * mixed
        out = feed_forward(m, w, p, norm(x, w[p + "ffn_norm.weight"]))
        if p + "post_ffw_norm.weight" in w:
            out = norm(out, w[p + "post_ffw_norm.weight"])
        x = x + branch * out
    head = w["token_embd.weight" if m.tied else "output.weight"]
    out = norm(x, w["output_norm.weight"]) @ head.T / m.get("logit_scale", 1.0)
    cap = m.get("final_logit_softcapping")
    return cap * np.tanh(out / cap) if cap else out
