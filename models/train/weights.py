"""Owns moving weights between the network and files: GGUF (Q8_0) and safetensors (bf16).

Names are GGUF's. The network rotates pairs (i, i + D/2); GGUF's llama architecture wants pairs
(2i, 2i + 1), so the rows of each query and key head are re-ordered on the way in and out.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import gguf
from .gguf import Field, GgufFile
from .settings import CHAT_TEMPLATE, CONTEXT, CONTROL_TOKENS, END, PAD, Shape
from .tokenizer import Tokenizer

Weights = dict[str, np.ndarray]
# GGUF divides each pair's frequency by its factor here, which is how llama3 scaling is stored: divided by
# so much, a pair stands still over any context.
ROPE_FACTORS, STILL = "rope_freqs.weight", 1e9
ROTATED = re.compile(r"blk\.\d+\.attn_[qk]\.weight")
LAYER_TENSORS = ("attn_norm", "ffn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
HF_NAMES = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}


def to_interleaved(matrix: np.ndarray, head_dim: int) -> np.ndarray:
    heads = matrix.reshape(-1, 2, head_dim // 2, matrix.shape[-1])
    return np.ascontiguousarray(heads.swapaxes(1, 2)).reshape(matrix.shape)


def to_halves(matrix: np.ndarray, head_dim: int) -> np.ndarray:
    heads = matrix.reshape(-1, head_dim // 2, 2, matrix.shape[-1])
    return np.ascontiguousarray(heads.swapaxes(1, 2)).reshape(matrix.shape)


def tensor_names(layers: int) -> list[str]:
    inner = [f"blk.{layer}.{name}.weight" for layer in range(layers) for name in LAYER_TENSORS]
    return ["token_embd.weight", *inner, "output_norm.weight"]


def rope_factors(shape: Shape) -> np.ndarray:
    """[D/2]: 1 for the pairs that RoPE turns."""
    return np.where(np.arange(shape.head_dim // 2) < shape.rope_pairs, 1.0, STILL).astype(np.float32)


def read_gguf_model(path: Path, shape: Shape) -> tuple[Shape, Weights]:
    """`shape` with the pairs that RoPE turns in this file, which before the sixth stage were all; the weights."""
    file = gguf.read_gguf(path)
    factors = file.tensors.get(ROPE_FACTORS)
    turned = int((factors.to_float() == 1).sum()) if factors else shape.head_dim // 2
    weights = {name: file.tensors[name].to_float() for name in tensor_names(shape.layers)}
    halved = {n: to_halves(w, shape.head_dim) if ROTATED.fullmatch(n) else w for n, w in weights.items()}
    return replace(shape, rope_pairs=turned), halved


def metadata(shape: Shape, tokenizer: Tokenizer) -> dict[str, Field]:
    u32, real = (lambda v: Field(gguf.U32, v)), (lambda v: Field(gguf.FLOAT, v))
    text, strings = (lambda v: Field(gguf.STRING, v)), (lambda v: Field(gguf.ARRAY, v, gguf.STRING))
    kinds = [3 if i < len(CONTROL_TOKENS) else 1 for i in range(len(tokenizer.tokens))]
    return {
        "general.architecture": text("llama"),
        "general.name": text("Longleaf Mini"),
        "general.file_type": u32(7),
        "general.quantization_version": u32(2),
        "llama.block_count": u32(shape.layers),
        "llama.context_length": u32(CONTEXT),
        "llama.embedding_length": u32(shape.width),
        "llama.feed_forward_length": u32(shape.ffn),
        "llama.attention.head_count": u32(shape.heads),
        "llama.attention.head_count_kv": u32(shape.kv_heads),
        "llama.rope.dimension_count": u32(shape.head_dim),
        "llama.vocab_size": u32(shape.vocab),
        "llama.attention.layer_norm_rms_epsilon": real(shape.eps),
        "llama.rope.freq_base": real(shape.rope_base),
        "tokenizer.ggml.model": text("gpt2"),
        "tokenizer.ggml.pre": text("gpt-2"),
        "tokenizer.ggml.tokens": strings(tokenizer.tokens),
        "tokenizer.ggml.token_type": Field(gguf.ARRAY, kinds, gguf.I32),
        "tokenizer.ggml.merges": strings(tokenizer.merges),
        "tokenizer.ggml.eos_token_id": u32(END),
        "tokenizer.ggml.padding_token_id": u32(PAD),
        "tokenizer.ggml.add_bos_token": Field(gguf.BOOL, False),
        "tokenizer.chat_template": text(CHAT_TEMPLATE),
    }


def write_gguf_weights(path: Path, weights: Weights, shape: Shape, tokenizer: Tokenizer) -> None:
    """Matrices as Q8_0, norms and rope factors as F32."""
    tensors = {ROPE_FACTORS: gguf.float_tensor(rope_factors(shape))}
    for name in tensor_names(shape.layers):
        values = weights[name]
        if ROTATED.fullmatch(name):
            values = to_interleaved(values, shape.head_dim)
        tensors[name] = gguf.quantised_tensor(values) if values.ndim == 2 else gguf.float_tensor(values)
    gguf.write_gguf(path, GgufFile(metadata(shape, tokenizer), tensors))


def hf_name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}.{HF_NAMES[part]}.weight"


def hf_config(shape: Shape) -> dict:
    """What transformers (5 or later) needs beside the safetensors, but for the tokenizer. Pairs that stand still
    are written as llama3 scaling, whose border lies between two wavelengths."""
    rope: dict = {"rope_type": "default", "rope_theta": shape.rope_base}
    if shape.rope_pairs < shape.head_dim // 2:
        border = 2 * np.pi * shape.rope_base ** ((shape.rope_pairs - 0.5) / (shape.head_dim / 2))
        half = CONTEXT // 2  # it must be less than the context; the two factors are in proportion to it
        rope |= {"rope_type": "llama3", "factor": STILL, "original_max_position_embeddings": half,
                 "low_freq_factor": half / border / 1.001, "high_freq_factor": half / border * 1.001}
    return {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "bfloat16", "rope_parameters": rope,
            "hidden_size": shape.width, "intermediate_size": shape.ffn, "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_dim,
            "vocab_size": shape.vocab, "max_position_embeddings": CONTEXT, "rms_norm_eps": shape.eps, "hidden_act": "silu",
            "tie_word_embeddings": True, "bos_token_id": None, "eos_token_id": END, "pad_token_id": PAD}


def _to_bf16(values: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def write_safetensors(path: Path, weights: Weights) -> None:
    """bf16 under the names transformers uses; head rows stay half-split, as it expects."""
    header, blobs, offset = {}, [], 0
    for name, values in weights.items():
        blob = _to_bf16(values).tobytes()
        header[hf_name(name)] = {"dtype": "BF16", "shape": list(values.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(blobs))


def read_safetensors(path: Path, shape: Shape) -> Weights:
    raw = path.read_bytes()
    size = struct.unpack_from("<Q", raw)[0]
    header, base = json.loads(raw[8 : 8 + size]), 8 + size
    weights = {}
    for name in tensor_names(shape.layers):
        entry = header[hf_name(name)]
        begin, end = entry["data_offsets"]
        bits = np.frombuffer(raw, np.uint16, (end - begin) // 2, base + begin).astype(np.uint32) << 16
        weights[name] = bits.view(np.float32).reshape(entry["shape"])
    return weights


def read_model(path: Path, shape: Shape) -> tuple[Shape, Weights]:
    """Safetensors, which hold weights alone, are taken to be of `shape`."""
    return read_gguf_model(path, shape) if path.suffix == ".gguf" else (shape, read_safetensors(path, shape))
