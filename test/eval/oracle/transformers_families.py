"""Owns the outside opinion on families.py: transformers' own models in double precision over the same weights."""

from __future__ import annotations

import numpy as np
import torch
import transformers

from families import Model, values
from family_transcription import windowed_layers
from generator import tokens
from transformers_llama import answers, describe, loaded  # noqa: F401

CLASSES = {
    "llama": "Llama", "mistral3": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3", "phi3": "Phi3", "gemma": "Gemma",
    "gemma2": "Gemma2", "gemma3": "Gemma3Text", "granite": "Granite", "smollm3": "SmolLM3",
}  # fmt: skip
HEADS = {"gemma3": "Gemma3ForCausalLM"}
#: Families whose files hold q and k in the order of pairs (2i, 2i + 1); transformers rotates (i, i + D / 2).
PERMUTED = ("llama", "mistral3", "granite", "smollm3")
NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_qkv": "self_attn.qkv_proj", "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
OWN_NAMES = {
    "phi3": {"ffn_up": "mlp.gate_up_proj"},
    "gemma2": {
        "post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
    },
}  # fmt: skip
OWN_NAMES["gemma3"] = OWN_NAMES["gemma2"]


def attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, softcap=None, **more):
    """Causal, a block of queries at a time: 34,000 tokens in double precision do not fit otherwise."""
    window = more.get("sliding_window") or getattr(module, "sliding_window", None)
    group = query.shape[1] // key.shape[1]
    key, value = (x.repeat_interleave(group, dim=1) for x in (key, value))
    length, outputs = query.shape[2], []
    for at in range(0, length, 1024):
        end = min(at + 1024, length)
        scores = query[:, :, at:end] @ key[:, :, :end].transpose(2, 3) * scaling
        if softcap:
            scores = softcap * torch.tanh(scores / softcap)
        ahead = torch.arange(end, device=query.device)[None] - torch.arange(at, end, device=query.device)[:, None]
        hidden = ahead > 0
        if window:
            hidden = hidden | (ahead <= -window)
        outputs.append(scores.masked_fill(hidden, float("-inf")).softmax(-1) @ value[:, :, :end])
    return torch.cat(outputs, dim=2).transpose(1, 2).contiguous(), None


def rope_parameters(m: Model) -> dict:
    base = {"rope_theta": m.get("rope.freq_base", 10000.0)}
    original = m.get("rope.scaling.original_context_length")
    if m.factors:
        return base | {
            "rope_type": "longrope",
            "long_factor": m.factors["rope_factors_long.weight"],
            "short_factor": m.factors["rope_factors_short.weight"],
            "factor": m.context / original,
            "original_max_position_embeddings": original,
            "attention_factor": m.get("rope.scaling.attn_factor"),
            "partial_rotary_factor": m.get("rope.dimension_count", m.head_dim) / m.head_dim,
        }
    kind = m.get("rope.scaling.type", "default")
    if kind == "yarn":
        multiplier = m.get("rope.scaling.yarn_log_multiplier")
        return base | {
            "rope_type": "yarn",
            "factor": m.get("rope.scaling.factor"),
            "original_max_position_embeddings": original,
            **({"mscale": 1.0, "mscale_all_dim": multiplier} if multiplier else {}),
        }
    full = base | {"rope_type": kind} | ({"factor": m.get("rope.scaling.factor")} if kind == "linear" else {})
    if m.family != "gemma3":
        return full
    return {"full_attention": full, "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}


def own_settings(m: Model) -> dict:
    layers = ["sliding_attention" if windowed else "full_attention" for windowed in windowed_layers(m)]
    windows = {
        "query_pre_attn_scalar": m.head_dim, "sliding_window": m.get("attention.sliding_window"),
        "layer_types": layers, "final_logit_softcapping": m.get("final_logit_softcapping"),
    }  # fmt: skip
    return {
        "mistral3": {"sliding_window": None},
        "phi3": {
            "original_max_position_embeddings": m.get("rope.scaling.original_context_length"),
            "sliding_window": None, "pad_token_id": 0,
            "partial_rotary_factor": m.get("rope.dimension_count", m.head_dim) / m.head_dim,
        },
        "gemma": {"hidden_act": "gelu_pytorch_tanh"},
        "gemma2": windows | {"attn_logit_softcapping": m.get("attn_logit_softcapping")},
        "gemma3": windows,
        "smollm3": {"pad_token_id": 0},
        "granite": {
            "embedding_multiplier": m.get("embedding_scale"), "residual_multiplier": m.get("residual_scale"),
            "attention_multiplier": m.get("attention.scale"), "logits_scaling": m.get("logit_scale"),
        },
    }.get(m.family, {})  # fmt: skip


def target_of(m: Model, name: str) -> str:
    if not name.startswith("blk."):
        return {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}[
            name.split(".")[0]
        ] + ".weight"
    _, layer, kind, suffix = name.split(".")
    return f"model.layers.{layer}.{(NAMES | OWN_NAMES.get(m.family, {}))[kind]}.{suffix}"


def state_of(m: Model) -> dict[str, torch.Tensor]:
    halves = np.concatenate([np.arange(0, m.head_dim, 2), np.arange(1, m.head_dim, 2)])
    state = {}
    for name, each in values(m).items():
        if name in m.factors:
            continue
        if m.family in PERMUTED and name.split(".")[-2] in ("attn_q", "attn_k"):
            each = each.reshape(-1, m.head_dim, m.channels)[:, halves].reshape(-1, m.channels)
        if m.family.startswith("gemma") and "norm" in name:
            each = each - 1  # what the converter to GGUF adds
        state[target_of(m, name)] = torch.from_numpy(np.ascontiguousarray(each))
    return state


def build(m: Model) -> torch.nn.Module:
    transformers.AttentionInterface.register("blocked", attention)
    name = CLASSES[m.family]
    config = getattr(transformers, f"{name}Config")(
        vocab_size=m.vocab, hidden_size=m.channels, intermediate_size=m.ffn, num_hidden_layers=m.layers,
        num_attention_heads=m.heads, num_key_value_heads=m.kv_heads, head_dim=m.head_dim, rms_norm_eps=1e-5,
        max_position_embeddings=m.context, tie_word_embeddings=m.tied, rope_parameters=rope_parameters(m),
        attn_implementation="blocked", **(own_settings(m) | m.transformers),
    )  # fmt: skip
    return loaded(getattr(transformers, HEADS.get(m.family, f"{name}ForCausalLM"))(config), state_of(m), m.tied)


def logits(m: Model) -> np.ndarray:
    """(lengths, V) after each of the model's lengths."""
    out = answers(build(m), tokens(m), m.lengths) / m.get("logit_scale", 1.0)
    cap = m.get("final_logit_softcapping")
    return cap * np.tanh(out / cap) if cap else out
