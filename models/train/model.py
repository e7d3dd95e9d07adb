"""Owns the network: a Llama in PyTorch, half-split RoPE inside, trained in bf16 over f32 weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .settings import MARKS, Shape
from .sparse import SparsePlan, attend_sparse


def rope_tables(length: int, shape: Shape, device: torch.device) -> tuple[Tensor, Tensor]:
    """cos and sin [T, D/2], of angle nought for pairs that RoPE leaves alone; in f64 so that position 131,071
    is as exact as position 1."""
    pairs = torch.arange(0, shape.head_dim, 2, dtype=torch.float64, device=device) / shape.head_dim
    angles = torch.arange(length, dtype=torch.float64, device=device)[:, None] * shape.rope_base**-pairs
    angles[:, shape.rope_pairs :] = 0
    return angles.cos().float(), angles.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE on [..., T, heads, D] with pairs (i, i + D/2); tables [..., T, D/2]."""
    left, right = x.float().chunk(2, dim=-1)
    cos, sin = cos[..., None, :], sin[..., None, :]
    return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1).to(x.dtype)


def normed(x: Tensor, gain: Tensor, eps: float) -> Tensor:
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps) * gain).to(x.dtype)


class Block(nn.Module):
    """One decoder layer; also hands out its parts, for evaluation with a KV cache."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        c, kv = shape.width, shape.kv_heads * shape.head_dim

        def matrix(rows: int, columns: int, scale: float = 1.0) -> nn.Parameter:
            return nn.Parameter(torch.randn(rows, columns) * scale / math.sqrt(columns))

        quiet = 1 / math.sqrt(2 * shape.layers)
        self.attn_norm, self.ffn_norm = nn.Parameter(torch.ones(c)), nn.Parameter(torch.ones(c))
        self.attn_q, self.attn_k, self.attn_v = matrix(shape.heads * shape.head_dim, c), matrix(kv, c), matrix(kv, c)
        self.attn_output = matrix(c, shape.heads * shape.head_dim, quiet)
        self.ffn_gate, self.ffn_up = matrix(shape.ffn, c), matrix(shape.ffn, c)
        self.ffn_down = matrix(c, shape.ffn, quiet)

    def qkv(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [..., T, H, D], keys and values [..., T, G, D] of x [..., T, C], rotated."""
        a = normed(x, self.attn_norm, self.shape.eps)
        split = lambda y: y.view(*y.shape[:-1], -1, self.shape.head_dim)
        q, k, v = (split(F.linear(a, w.to(x.dtype))) for w in (self.attn_q, self.attn_k, self.attn_v))
        return rotate(q, cos, sin), rotate(k, cos, sin), v

    def feed(self, x: Tensor, attended: Tensor) -> Tensor:
        """Output projection of [..., T, H, D] and the feed-forward half, both onto the residual."""
        x = x + F.linear(attended.flatten(-2), self.attn_output.to(x.dtype))
        a = normed(x, self.ffn_norm, self.shape.eps)
        inner = F.silu(F.linear(a, self.ffn_gate.to(x.dtype))) * F.linear(a, self.ffn_up.to(x.dtype))
        return x + F.linear(inner, self.ffn_down.to(x.dtype))


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention of [B, T, heads, D]; each key head serves H / G query heads."""
    repeat = q.shape[2] // k.shape[2]
    k, v = (t.repeat_interleave(repeat, dim=2) for t in (k, v))
    q, k, v = (t.transpose(1, 2) for t in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)


def head_loss(hidden: Tensor, embedding: Tensor, targets: Tensor, weights: Tensor, marks: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted cross-entropy at chosen places, and per mark [3, MARKS]: sums of loss, of right ones, of all."""
    logits = F.linear(hidden, embedding.to(hidden.dtype)).float()
    losses = F.cross_entropy(logits, targets, reduction="none")
    right = (logits.detach().argmax(-1) == targets).float()
    of = ((marks[:, None] == torch.arange(MARKS, device=marks.device)) & (weights > 0)[:, None]).float()
    figures = torch.stack((losses.detach(), right, torch.ones_like(right))) @ of
    return (losses * weights).sum() / weights.sum(), figures


class Longleaf(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.working = torch.bfloat16  # type of the residual stream; f32 is faster on a CPU
        self.token_embd = nn.Parameter(torch.randn(shape.vocab, shape.width) * 0.02)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.Parameter(torch.ones(shape.width))

    def embed(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self.token_embd).to(self.working)

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.token_embd.to(hidden.dtype)).float()


@dataclass
class Step:
    """What one training step needs, on the device."""

    tokens: Tensor  # i64 [B, T+1]
    scored: Tensor  # i64 [n], places in the flat [B*T] list whose next token counts
    weights: Tensor  # f32 [n]
    marks: Tensor  # i64 [n], see settings
    cos: Tensor  # [B*T, D/2]
    sin: Tensor
    ends: Tensor | None = None  # i64 [B], where each document ends; only sparse steps need it
    tail: int = 0  # rows at the end that hold all question turns
    plan: SparsePlan | None = None
    dropout: float = 0.0


class Network:
    """The training pass. Everything but attention sees a step's tokens as one flat list of the same
    size whatever the row length, so one compilation serves all lengths."""

    def __init__(self, model: Longleaf, compiled: bool) -> None:
        wrap = (lambda f: torch.compile(f, dynamic=False)) if compiled else (lambda f: f)
        self.model = model
        self.qkv, self.feed, self.head = wrap(Block.qkv), wrap(Block.feed), wrap(head_loss)

    def loss(self, step: Step) -> tuple[Tensor, Tensor]:
        b, t = step.tokens.shape[0], step.tokens.shape[1] - 1
        # Dropout stays outside what is compiled: its share differs from step to step.
        drop = lambda y: F.dropout(y, step.dropout) if step.dropout else y
        x = drop(self.model.embed(step.tokens[:, :-1].reshape(-1)))
        rows = lambda y: y.view(b, t, *y.shape[1:])
        keep = step.plan.keep if step.plan else {}
        for layer, block in enumerate(self.model.blk):
            q, k, v = self.qkv(block, x, step.cos, step.sin)
            if layer in keep:
                attended = attend_sparse(rows(q), rows(k), rows(v), step.ends, step.tail, keep[layer], step.plan)
            else:
                attended = attend(rows(q), rows(k), rows(v))
            # One memory layout whatever made it, or the compiled function would be compiled again.
            x = self.feed(block, x, drop(attended.reshape(b * t, *attended.shape[2:]).contiguous()))
        hidden = normed(drop(x[step.scored]), self.model.output_norm, self.model.shape.eps)
        targets = step.tokens[:, 1:].reshape(-1)[step.scored]
        return self.head(hidden, self.model.token_embd, targets, step.weights, step.marks)
