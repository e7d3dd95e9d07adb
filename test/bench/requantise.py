"""A Q8_0 file as a file of K-quants, for speed beside other engines: matrices Q4_K, the value projection and the
embedding Q6_K as in a Q4_K_M mix; rows that are no multiple of 256 stay Q8_0. Rounded plainly, so good for timing
and not for answers to be proud of. Layouts: native/ops/quant.h.

Usage: python3 test/bench/requantise.py models/longleaf-mini.gguf mini-q4_k.gguf
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models"))
from train.gguf import Tensor, read_gguf, write_gguf  # noqa: E402

Q4_K, Q6_K = 12, 14
Q4_K_BLOCK = np.dtype([("d", "<f2"), ("dmin", "<f2"), ("scales", "u1", (12,)), ("q", "u1", (128,))])
Q6_K_BLOCK = np.dtype([("low", "u1", (128,)), ("high", "u1", (64,)), ("scales", "i1", (16,)), ("d", "<f2")])


def divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape), np.float32), where=b != 0)


def q4_k(values: np.ndarray) -> np.ndarray:
    """(blocks, 256): in each eighth q * scale - less, q of four bits, steps of six."""
    parts = values.reshape(-1, 8, 32)
    less = np.maximum(-parts.min(axis=2), 0)
    scale = (parts.max(axis=2) + less) / 15
    d = (scale.max(axis=1, keepdims=True) / 63).astype(np.float16)
    dmin = (less.max(axis=1, keepdims=True) / 63).astype(np.float16)
    steps = np.clip(np.rint(divided(scale, d.astype(np.float32))), 0, 63).astype(np.uint8)
    mins = np.clip(np.rint(divided(less, dmin.astype(np.float32))), 0, 63).astype(np.uint8)
    unit = (steps * d.astype(np.float32))[:, :, None]
    base = (mins * dmin.astype(np.float32))[:, :, None]
    q = np.clip(np.rint(divided(parts + base, unit)), 0, 15).astype(np.uint8)
    out = np.zeros(len(parts), Q4_K_BLOCK)
    out["d"], out["dmin"] = d[:, 0], dmin[:, 0]
    out["scales"][:, 0:4] = steps[:, :4] | (steps[:, 4:] >> 4) << 6
    out["scales"][:, 4:8] = mins[:, :4] | (mins[:, 4:] >> 4) << 6
    out["scales"][:, 8:12] = (steps[:, 4:] & 15) | (mins[:, 4:] & 15) << 4
    out["q"] = (q[:, 0::2] | q[:, 1::2] << 4).reshape(-1, 128)
    return out.view(np.uint8).reshape(-1)


def q6_k(values: np.ndarray) -> np.ndarray:
    """(blocks, 256): in each sixteenth (q - 32) * scale, q of six bits, steps of eight."""
    parts = values.reshape(-1, 16, 16)
    scale = np.abs(parts).max(axis=2) / 31
    d = (scale.max(axis=1, keepdims=True) / 127).astype(np.float16)
    steps = np.clip(np.rint(divided(scale, d.astype(np.float32))), 0, 127).astype(np.int8)
    unit = (steps * d.astype(np.float32))[:, :, None]
    q = (np.clip(np.rint(divided(parts, unit)), -32, 31) + 32).astype(np.uint8).reshape(-1, 2, 4, 32)
    out = np.zeros(len(parts), Q6_K_BLOCK)
    out["d"], out["scales"] = d[:, 0], steps
    low = q & 15
    out["low"] = (low[:, :, 0:2] | low[:, :, 2:4] << 4).reshape(-1, 128)
    top = q >> 4
    out["high"] = (top[:, :, 0] | top[:, :, 1] << 2 | top[:, :, 2] << 4 | top[:, :, 3] << 6).reshape(-1, 64)
    return out.view(np.uint8).reshape(-1)


def requantised(name: str, tensor: Tensor) -> Tensor:
    if len(tensor.shape) != 2 or tensor.shape[1] % 256 != 0:
        return tensor
    blocks = tensor.to_float().reshape(-1, 256)
    if name.startswith(("token_embd", "output.")) or ".attn_v." in name:
        return Tensor(Q6_K, tensor.shape, q6_k(blocks))
    return Tensor(Q4_K, tensor.shape, q4_k(blocks))


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    file = read_gguf(source)
    file.tensors = {name: requantised(name, tensor) for name, tensor in file.tensors.items()}
    write_gguf(target, file)


if __name__ == "__main__":
    main()
