"""Owns reading a document once and answering many questions about it: KV cache, greedy, batched.

Reading is dense, or token-sparse as the product does it: reading first, question later.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .model import Longleaf, normed, rope_tables
from .settings import END

LONGEST_ANSWER = 120


@dataclass(frozen=True)
class Sparsity:
    """Token Sparse Attention: which layers, how much mass to drop, and its fixed sizes."""

    layers: frozenset[int]
    drop: float  # tau
    window: int = 128
    least: int = 256
    pool: int = 7


@dataclass
class Reading:
    keys: list[Tensor]  # per layer [G,S,D], f32 (exact products of bf16 in TF32)
    values: list[Tensor]
    length: int
    kept: list[float]  # per layer, share of the tokens that attended
    drift: list[float]  # per layer, relative change of the residual stream


def kept_tokens(q: Tensor, k: Tensor, plan: Sparsity) -> Tensor | None:
    """Indices [H, keep + window] of the tokens each head keeps, ascending; None means dense."""
    heads, length, dim = q.shape
    prefix = length - plan.window
    scores = q[:, prefix:].float() @ k.float().mT / dim**0.5
    future = torch.ones(plan.window, plan.window, dtype=torch.bool, device=q.device).triu(1)
    scores[:, :, prefix:].masked_fill_(future, float("-inf"))
    importance = scores.softmax(-1).mean(1)[:, :prefix]
    pooled = F.avg_pool1d(importance[:, None], plan.pool, 1, plan.pool // 2)[:, 0]
    spread = pooled.mean(0)
    dropped = int(((spread / spread.sum()).sort().values.cumsum(0) < plan.drop).sum())
    if dropped == 0:
        return None
    keep = min(prefix, max(plan.least, prefix - dropped - 1))
    top = pooled.topk(keep, dim=-1).indices.sort(-1).values
    tail = torch.arange(prefix, length, device=q.device).expand(heads, -1)
    return torch.cat((top, tail), dim=-1)


def _attend(q: Tensor, k: Tensor, v: Tensor, plan: Sparsity | None) -> tuple[Tensor, float]:
    """Causal attention of [H,S,D] with itself, whole or over each head's kept tokens."""
    length = q.shape[1]
    kept = kept_tokens(q, k, plan) if plan and plan.drop > 0 and length > plan.least + plan.window else None
    if kept is None:
        return F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0], 1.0
    index = kept[..., None].expand(-1, -1, q.shape[-1])
    few = F.scaled_dot_product_attention(*(t.gather(1, index)[None] for t in (q, k, v)), is_causal=True)[0]
    return torch.zeros_like(q).scatter(1, index, few), kept.shape[1] / length


@torch.no_grad()
def read(model: Longleaf, tokens: list[int], sparsity: Sparsity | None = None) -> Reading:
    device = model.token_embd.device
    cos, sin = rope_tables(len(tokens), model.shape, device)
    x = model.embed(torch.tensor([tokens], device=device))
    reading = Reading([], [], len(tokens), [], [])
    repeat = model.shape.heads // model.shape.kv_heads
    for layer, block in enumerate(model.blk):
        q, k, v = (t.transpose(1, 2) for t in block.qkv(x, cos, sin))
        wide = (t[0].repeat_interleave(repeat, dim=0).contiguous() for t in (k, v))
        plan = sparsity if sparsity and layer in sparsity.layers else None
        attended, kept = _attend(q[0].contiguous(), *wide, plan)
        out = block.feed(x, attended.transpose(0, 1)[None])
        change = (out - x).float().norm(dim=-1) / (x.float().norm(dim=-1) + 1e-8)
        reading.drift.append(change.mean().item())
        reading.kept.append(kept)
        reading.keys.append(k[0].float().contiguous())
        reading.values.append(v[0].float().contiguous())
        x = out
    return reading


class _Suffix:
    """Keys and values of the questions and answers after the shared document."""

    def __init__(self, model: Longleaf, count: int, room: int) -> None:
        shape, device = model.shape, model.token_embd.device
        make = lambda: torch.zeros(count, shape.kv_heads, room, shape.head_dim, device=device)
        self.keys = [make() for _ in range(shape.layers)]
        self.values = [make() for _ in range(shape.layers)]


def _attend_both(q: Tensor, doc: tuple[Tensor, Tensor], own: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
    """q [B,H,n,D] over the document's [G,S,D] and each row's own [B,G,M,D]; mask [B,n,M] true = seen."""
    b, h, n, d = q.shape
    g = doc[0].shape[0]
    q = q.float().view(b, g, h // g, n, d) / d**0.5
    flat = q.permute(1, 0, 2, 3, 4).reshape(g, -1, d)
    far = (flat @ doc[0].mT).view(g, b, h // g, n, -1).permute(1, 0, 2, 3, 4)
    near = torch.einsum("bgrnd,bgmd->bgrnm", q, own[0]).masked_fill(~mask[:, None, None], float("-inf"))
    share = torch.cat((far, near), dim=-1).softmax(-1)
    far, near = share.split([doc[0].shape[1], own[0].shape[2]], dim=-1)
    seen = far.permute(1, 0, 2, 3, 4).reshape(g, -1, far.shape[-1]) @ doc[1]
    seen = seen.view(g, b, h // g, n, d).permute(1, 0, 2, 3, 4)
    return (seen + torch.einsum("bgrnm,bgmd->bgrnd", near, own[1])).reshape(b, h, n, d)


def _advance(model: Longleaf, reading: Reading, suffix: _Suffix, ids: Tensor, at: Tensor, tables: tuple[Tensor, Tensor]) -> Tensor:
    """Run ids [B,n] whose places in the suffix are at [B,n]; returns hidden states [B,n,C]."""
    cos, sin = tables[0][at], tables[1][at]
    room = suffix.keys[0].shape[2]
    mask = torch.arange(room, device=ids.device)[None, None] <= at[..., None]
    index = at[:, None, :, None]
    x = model.embed(ids)
    for layer, block in enumerate(model.blk):
        q, k, v = (t.transpose(1, 2) for t in block.qkv(x, cos, sin))
        spread = index.expand(-1, k.shape[1], -1, k.shape[-1])
        suffix.keys[layer].scatter_(2, spread, k.float())
        suffix.values[layer].scatter_(2, spread, v.float())
        doc, own = (reading.keys[layer], reading.values[layer]), (suffix.keys[layer], suffix.values[layer])
        x = block.feed(x, _attend_both(q, doc, own, mask).transpose(1, 2).to(x.dtype))
    return normed(x, model.output_norm, model.shape.eps)


@torch.no_grad()
def forced(model: Longleaf, reading: Reading, prompts: list[list[int]], wanted: list[list[int]]) -> list[list[int]]:
    """The likeliest token at each place of the wanted answers, each place seeing the wanted text before
    it. One pass: for machines on which greedy answers take too long. All places right means that the
    greedy answer is the wanted one, token for token."""
    device = model.token_embd.device
    whole = [p + w for p, w in zip(prompts, wanted)]
    room = max(map(len, whole))
    ids = torch.tensor([w + [END] * (room - len(w)) for w in whole], device=device)
    cos, sin = rope_tables(reading.length + room, model.shape, device)
    at = torch.arange(room, device=device).expand(len(whole), -1)
    suffix = _Suffix(model, len(whole), room)
    hidden = _advance(model, reading, suffix, ids, at, (cos[reading.length :], sin[reading.length :]))
    return [model.logits(h[len(p) - 1 : len(p) + len(w) - 1]).argmax(-1).tolist() for h, p, w in zip(hidden, prompts, wanted)]


@torch.no_grad()
def answer(model: Longleaf, reading: Reading, prompts: list[list[int]]) -> list[list[int]]:
    """Greedy answers to prompts that each follow the document directly."""
    device = model.token_embd.device
    lengths = torch.tensor([len(p) for p in prompts], device=device)
    longest = int(lengths.max())
    ids = torch.tensor([p + [END] * (longest - len(p)) for p in prompts], device=device)
    room = longest + LONGEST_ANSWER
    suffix = _Suffix(model, len(prompts), room)
    cos, sin = rope_tables(reading.length + room, model.shape, device)
    tables = cos[reading.length :], sin[reading.length :]
    at = torch.arange(longest, device=device).expand(len(prompts), -1)
    hidden = _advance(model, reading, suffix, ids, at, tables)
    rows = torch.arange(len(prompts), device=device)
    last = model.logits(hidden[rows, lengths - 1]).argmax(-1)
    out, ended = [last], last == END
    for step in range(LONGEST_ANSWER - 1):
        if step % 8 == 0 and bool(ended.all()):
            break
        hidden = _advance(model, reading, suffix, last[:, None], (lengths + step)[:, None], tables)
        last = model.logits(hidden[:, 0]).argmax(-1)
        out.append(last)
        ended |= last == END
    answers = torch.stack(out, 1).tolist()
    return [a[: a.index(END)] if END in a else a for a in answers]
