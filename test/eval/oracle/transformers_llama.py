"""Owns the outside opinion: transformers' Llama in double precision over the same weights."""

from __future__ import annotations

import numpy as np
import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

from generator import Config, tensors, tokens

NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def describe() -> str:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return f"transformers {transformers.__version__}, torch {torch.__version__}, float64, {device}"


def blocked_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **ignored):
    """Causal attention, a block of queries at a time: 40,000 tokens in double precision do not fit otherwise."""
    group = query.shape[1] // key.shape[1]
    key, value = (x.repeat_interleave(group, dim=1) for x in (key, value))
    length, outputs = query.shape[2], []
    for at in range(0, length, 1024):
        end = min(at + 1024, length)
        scores = query[:, :, at:end] @ key[:, :, :end].transpose(2, 3) * scaling
        later = torch.arange(end, device=query.device)[None] > torch.arange(at, end, device=query.device)[:, None]
        scores = scores.masked_fill(later, float("-inf")).softmax(-1)
        outputs.append(scores @ value[:, :, :end])
    return torch.cat(outputs, dim=2).transpose(1, 2).contiguous(), None


def rope_parameters(config: Config) -> dict:
    s = config.scaling
    if s is None:
        return {"rope_type": "default", "rope_theta": config.rope_base}
    common = {"rope_type": s.kind, "rope_theta": config.rope_base, "factor": s.factor}
    if s.kind == "linear":
        return common
    return common | {
        "low_freq_factor": s.low,
        "high_freq_factor": s.high,
        "original_max_position_embeddings": s.original,
    }


def build(config: Config) -> LlamaForCausalLM:
    transformers.AttentionInterface.register("blocked", blocked_attention)
    shape = LlamaConfig(
        vocab_size=config.vocab, hidden_size=config.channels, intermediate_size=config.ffn,
        num_hidden_layers=config.layers, num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads, head_dim=config.head_dim, rms_norm_eps=config.eps,
        max_position_embeddings=config.context, tie_word_embeddings=config.tied,
        rope_parameters=rope_parameters(config), attn_implementation="blocked",
    )
    # transformers keeps the frequencies of RoPE in float32 and rotates (i, i + D / 2); GGUF rotates (2i, 2i + 1).
    halves = np.concatenate([np.arange(0, config.head_dim, 2), np.arange(1, config.head_dim, 2)])
    state = {}
    for name, values in tensors(config).items():
        if name.startswith("blk."):
            _, layer, kind, _ = name.split(".")
            if kind in ("attn_q", "attn_k"):
                values = values.reshape(-1, config.head_dim, config.channels)[:, halves]
                values = values.reshape(-1, config.channels)
            target = f"model.layers.{layer}.{NAMES[kind]}.weight"
        else:
            target = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}[
                name.split(".")[0]
            ] + ".weight"
        state[target] = torch.from_numpy(np.ascontiguousarray(values))
    return loaded(LlamaForCausalLM(shape), state, config.tied)


def loaded(model: torch.nn.Module, state: dict[str, torch.Tensor], tied: bool) -> torch.nn.Module:
    """The model in double precision with these weights, all of them."""
    model = model.to(torch.float64).eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    if tied:
        model.tie_weights()
    return model


@torch.no_grad()
def answers(model: torch.nn.Module, ids: np.ndarray, lengths: tuple[int, ...]) -> np.ndarray:
    """(lengths, V) what the head says after each of the lengths."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device)
    hidden = model.model(torch.from_numpy(ids)[None].to(device), use_cache=False).last_hidden_state
    rows = torch.tensor([length - 1 for length in lengths], device=device)
    return model.lm_head(hidden[0, rows]).double().cpu().numpy()


def logits(config: Config) -> np.ndarray:
    """(lengths, V) after each of config.lengths."""
    return answers(build(config), tokens(config), config.lengths)
