"""Owns the random models of the families beside Llama: what their GGUF files say and hold, so that code on any
side can make them again (test/native/engine/described_model.h does in C++). generator.py says what the weights
are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from generator import draws, exponent

LENGTHS = (1, 2, 37, 130, 513)
LONG = (1000, 32768, 33000, 34000)


@dataclass
class Model:
    """A model of `family` (GGUF's architecture). Metadata keys are without the architecture's name."""

    name: str
    family: str
    seed: int
    layers: int = 3
    channels: int = 64
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 32
    ffn: int = 96
    vocab: int = 260
    context: int = 4096
    lengths: tuple[int, ...] = LENGTHS
    tied: bool = False
    bias: bool = False
    metadata: dict[str, object] = field(default_factory=dict)  # int, float, str or list of bool
    factors: dict[str, list[float]] = field(default_factory=dict)  # tensors of given values
    #: What transformers' configuration class is told beside the shapes.
    transformers: dict[str, object] = field(default_factory=dict)

    def get(self, key: str, otherwise: object = None) -> object:
        return self.metadata.get(key, otherwise)


def ramp(count: int, first: float, last: float) -> list[float]:
    """Rounded to float32, as a file carries them."""
    return [float(np.float32(first * (last / first) ** (i / max(1, count - 1)))) for i in range(count)]


YARN = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 512}
LONGROPE = {"rope_factors_long.weight": ramp(16, 1.0, 30.0), "rope_factors_short.weight": ramp(16, 1.0, 1.5)}
SOFT_CAPS = {"attn_logit_softcapping": 5.0, "final_logit_softcapping": 3.0}


def attn_factor(scale: float, original: int) -> float:
    """What LongRoPE multiplies cosines and sines by."""
    return float(np.float32(math.sqrt(1 + math.log(scale) / math.log(original))))


MODELS = (
    Model("qwen2", "qwen2", 31, channels=128, tied=True, bias=True, metadata={"rope.freq_base": 1e6}),
    Model("qwen2-yarn", "qwen2", 32, heads=3, kv_heads=1, channels=96, bias=True,
          metadata={"rope.freq_base": 1e6, **YARN}),
    Model("qwen3", "qwen3", 33, head_dim=64, metadata={"rope.freq_base": 1e6}),
    Model("nemo", "llama", 34, head_dim=64, channels=96, metadata={"rope.freq_base": 1e6}),
    Model("mistral3-yarn", "mistral3", 35,
          metadata={"rope.freq_base": 1e6, **YARN, "rope.scaling.yarn_log_multiplier": 1.0}),
    Model("phi3-short", "phi3", 36, context=4096, factors=LONGROPE, channels=128,
          metadata={"rope.scaling.original_context_length": 4096,
                    "rope.scaling.attn_factor": attn_factor(8, 4096)}),
    Model("phi3-long", "phi3", 37, context=4096, factors=LONGROPE, channels=128,
          metadata={"rope.scaling.original_context_length": 512,
                    "rope.scaling.attn_factor": attn_factor(8, 512)}),
    Model("phi4-partial", "phi3", 38, context=4096, channels=128, tied=True,
          factors={name: values[:12] for name, values in LONGROPE.items()},
          metadata={"rope.dimension_count": 24, "rope.scaling.original_context_length": 512,
                    "rope.scaling.attn_factor": attn_factor(8, 512)}),
    Model("gemma", "gemma", 39, tied=True, kv_heads=1),
    Model("gemma2", "gemma2", 40, layers=4, tied=True, metadata={"attention.sliding_window": 48, **SOFT_CAPS}),
    Model("gemma3", "gemma3", 41, layers=7, tied=True,
          metadata={"attention.sliding_window": 48, "rope.freq_base": 1e6, "rope.scaling.type": "linear",
                    "rope.scaling.factor": 8.0}),
    Model("gemma3-pattern", "gemma3", 42, layers=3, tied=True, head_dim=64,
          metadata={"attention.sliding_window": 128, "rope.freq_base": 1e6,
                    "attention.sliding_window_pattern": [True, False, True]}),
    Model("granite", "granite", 43, metadata={"embedding_scale": 12.0, "residual_scale": 0.22, "logit_scale": 8.0,
                                              "attention.scale": 0.015625 * 4}),
    Model("smollm3", "smollm3", 44, layers=5, tied=True, metadata={"rope.freq_base": 5e6}),
    Model("qwen2-yarn-far", "qwen2", 45, layers=2, heads=2, kv_heads=1, bias=True, context=65536, lengths=LONG,
          metadata={"rope.freq_base": 1e6, **YARN, "rope.scaling.original_context_length": 16384}),
    Model("phi3-far", "phi3", 46, layers=2, heads=2, kv_heads=1, context=65536, lengths=LONG, factors=LONGROPE,
          metadata={"rope.scaling.original_context_length": 4096,
                    "rope.scaling.attn_factor": attn_factor(16, 4096)}),
    Model("gemma3-far", "gemma3", 47, layers=3, heads=2, kv_heads=1, tied=True, context=65536, lengths=LONG,
          metadata={"attention.sliding_window": 512, "attention.sliding_window_pattern": 3, "rope.freq_base": 1e6,
                    "rope.scaling.type": "linear", "rope.scaling.factor": 8.0}),
)  # fmt: skip


@dataclass(frozen=True)
class Matrix:
    """(rows, cols) of q * 2^-k."""

    name: str
    stream: int
    rows: int
    cols: int
    k: int


@dataclass(frozen=True)
class Vector:
    """(size) of base + q * 2^-k."""

    name: str
    stream: int
    size: int
    base: int
    k: int


def tensors(m: Model) -> list[Matrix | Vector]:
    """Everything drawn that the file holds; a stream of draws each."""
    made: list[Matrix | Vector] = []
    C, F, V, D = m.channels, m.ffn, m.vocab, m.head_dim
    Q, G = m.heads * D, m.kv_heads * D

    def matrix(name: str, rows: int, cols: int, k: int) -> None:
        made.append(Matrix(name, len(made), rows, cols, k))

    def vector(name: str, size: int, base: int = 1, k: int = 10) -> None:
        made.append(Vector(name, len(made), size, base, k))

    scaled = m.family.startswith("gemma") or m.family == "granite"
    matrix("token_embd.weight", V, C, exponent(C) if m.tied or scaled else 6)
    vector("output_norm.weight", C)
    if not m.tied:
        matrix("output.weight", V, C, exponent(C))
    for layer in range(m.layers):
        p = f"blk.{layer}."
        vector(p + "attn_norm.weight", C)
        if m.family == "phi3":
            matrix(p + "attn_qkv.weight", Q + 2 * G, C, exponent(C) - 1)
        else:
            matrix(p + "attn_q.weight", Q, C, exponent(C) - 1)
            matrix(p + "attn_k.weight", G, C, exponent(C) - 1)
            matrix(p + "attn_v.weight", G, C, exponent(C))
        if m.bias:
            vector(p + "attn_q.bias", Q, 0, 7)
            vector(p + "attn_k.bias", G, 0, 7)
            vector(p + "attn_v.bias", G, 0, 7)
        if m.family in ("qwen3", "gemma3"):
            vector(p + "attn_q_norm.weight", D, 2, 7)
            vector(p + "attn_k_norm.weight", D, 2, 7)
        matrix(p + "attn_output.weight", C, Q, exponent(Q))
        if m.family in ("gemma2", "gemma3"):
            vector(p + "post_attention_norm.weight", C)
            vector(p + "post_ffw_norm.weight", C)
        vector(p + "ffn_norm.weight", C)
        if m.family == "phi3":
            matrix(p + "ffn_up.weight", 2 * F, C, exponent(C))
        else:
            matrix(p + "ffn_gate.weight", F, C, exponent(C))
            matrix(p + "ffn_up.weight", F, C, exponent(C))
        matrix(p + "ffn_down.weight", C, F, exponent(F))
    return made


def values(m: Model) -> dict[str, np.ndarray]:
    """By GGUF name, float64, rows are outputs."""

    def drawn(stream: int, count: int) -> np.ndarray:
        bits = (draws(m.seed, stream, count) >> np.uint64(56)).astype(np.int64)
        return np.maximum(bits - 128, -127).astype(np.float64)

    made = {}
    for t in tensors(m):
        if isinstance(t, Matrix):
            made[t.name] = (drawn(t.stream, t.rows * t.cols) * 2.0**-t.k).reshape(t.rows, t.cols)
        else:
            made[t.name] = t.base + drawn(t.stream, t.size) * 2.0**-t.k
    return made | {name: np.array(each, np.float64) for name, each in m.factors.items()}


def described(m: Model) -> list[str]:
    """The lines from which the file can be made."""
    a = m.family
    lines = [f"model {m.name} {m.seed} {m.vocab}", f"text general.architecture {a}"]
    shapes = {
        "block_count": m.layers, "context_length": m.context, "embedding_length": m.channels,
        "feed_forward_length": m.ffn, "attention.head_count": m.heads, "attention.head_count_kv": m.kv_heads,
        "attention.key_length": m.head_dim, "attention.value_length": m.head_dim,
    }  # fmt: skip
    metadata = {"attention.layer_norm_rms_epsilon": 1e-5, "rope.dimension_count": m.head_dim} | m.metadata
    for key, value in (shapes | metadata).items():
        if isinstance(value, list):
            lines.append(f"bools {a}.{key} " + " ".join(str(int(each)) for each in value))
        else:
            kind = {int: "u32", float: "f32", str: "text"}[type(value)]
            lines.append(f"{kind} {a}.{key} {value:.9g}" if kind == "f32" else f"{kind} {a}.{key} {value}")
    for t in tensors(m):
        if isinstance(t, Matrix):
            lines.append(f"matrix {t.name} {t.stream} {t.rows} {t.cols} {t.k}")
        else:
            lines.append(f"vector {t.name} {t.stream} {t.size} {t.base} {t.k}")
    for name, each in m.factors.items():
        lines.append(f"factors {name} " + " ".join(f"{value:.9g}" for value in each))
    return lines
