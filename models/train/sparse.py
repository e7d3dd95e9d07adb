"""Owns Token Sparse Attention inside a training step: choice without gradient, attention among the chosen.

The document is read sparsely and the question turns densely, as the product does it: at a sparse layer
each head lets only some of the document's tokens attend, to each other; the other document tokens get
zero from that head. Question tokens see everything. The product drops a share of mass per layer; here
the number kept is drawn per layer, so that all rows of a step have one shape.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

WINDOW, LEAST, POOL = 128, 256, 7
# Layers that may be sparse together; the first two build what all others look up.
LAYER_SETS = ((2, 3, 4, 5, 6, 7), (2, 3, 4, 5, 6, 7), (3, 4, 5, 6, 7), (4, 5, 6, 7))
SHARES = (0.06, 0.12, 0.25, 0.25, 0.5)


@dataclass(frozen=True)
class SparsePlan:
    """One step's choice: tokens kept before the window, per sparse layer."""

    keep: dict[int, int]
    window: int = WINDOW
    pool: int = POOL


def draw_plan(ends: list[int], rng: random.Random, layers: int) -> SparsePlan | None:
    """A plan for documents that end at `ends`; None where one is too short to leave anything out."""
    prefix = min(ends) - WINDOW
    if prefix <= LEAST:
        return None
    chosen = [layer for layer in rng.choice(LAYER_SETS) if layer < layers]
    return SparsePlan({layer: min(prefix, max(LEAST, int(rng.choice(SHARES) * prefix))) for layer in chosen})


@torch.no_grad()
def importance(q: Tensor, k: Tensor, ends: Tensor, window: int, pool: int) -> Tensor:
    """What each document token gets of the attention of the document's last `window` rows, smoothed.

    q [B,T,H,D], k [B,T,G,D], ends [B] (the document is rows 0 to end). [B,H,T] f32; -1 from the window on.
    """
    b, t, h, d = q.shape
    g = k.shape[2]
    rows = ends[:, None] - window + torch.arange(window, device=q.device)
    asking = q.gather(1, rows[:, :, None, None].expand(-1, -1, h, d)).float()
    asking = asking.permute(0, 2, 1, 3).reshape(b, g, h // g * window, d)
    scores = (asking @ k.permute(0, 2, 3, 1).float() / d**0.5).view(b, h, window, t)
    column = torch.arange(t, device=q.device)
    scores.masked_fill_((column > rows[:, :, None])[:, None], float("-inf"))
    outside = (column >= ends[:, None] - window)[:, None]
    share = scores.softmax(-1).mean(2).masked_fill(outside, 0.0)
    return F.avg_pool1d(share, pool, 1, pool // 2).masked_fill(outside, -1.0)


@torch.no_grad()
def kept_rows(q: Tensor, k: Tensor, ends: Tensor, keep: int, window: int, pool: int) -> Tensor:
    """Ascending rows [B,H,keep + window] that attend, per head: the most important ones and the window."""
    top = importance(q, k, ends, window, pool).topk(keep, dim=-1).indices.sort(-1).values
    tail = ends[:, None] - window + torch.arange(window, device=q.device)
    return torch.cat((top, tail[:, None].expand(-1, top.shape[1], -1)), dim=-1)


class _Pick(torch.autograd.Function):
    """Rows of [B,H,T,D] by index [B,H,K]. No row is named twice, so the gradient needs no adding up."""

    @staticmethod
    def forward(ctx, x: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.rows = x.shape[2]
        return x.gather(2, index[..., None].expand(-1, -1, -1, x.shape[-1]))

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        return _spread(gradient, *ctx.saved_tensors, ctx.rows), None


class _Put(torch.autograd.Function):
    """The inverse: rows [B,H,K,D] to their places among T, zeros elsewhere."""

    @staticmethod
    def forward(ctx, x: Tensor, index: Tensor, rows: int) -> Tensor:
        ctx.save_for_backward(index)
        return _spread(x, index, rows)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:
        (index,) = ctx.saved_tensors
        return gradient.gather(2, index[..., None].expand(-1, -1, -1, gradient.shape[-1])), None, None


def _spread(x: Tensor, index: Tensor, rows: int) -> Tensor:
    b, h, _, d = x.shape
    return x.new_zeros(b, h, rows, d).scatter_(2, index[..., None].expand(-1, -1, -1, d), x)


def causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of the last queries [B,H,Q,D] of a causal sequence to all its keys [B,H,T,D]."""
    if q.is_cuda:
        # The flash kernel lines a shorter run of queries up with the end of the keys.
        return torch.ops.aten._scaled_dot_product_flash_attention(q, k, v, 0.0, True)[0]
    seen = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril(k.shape[2] - q.shape[2])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=seen)


def attend_sparse(q: Tensor, k: Tensor, v: Tensor, ends: Tensor, tail: int, keep: int, plan: SparsePlan) -> Tensor:
    """[B,T,H,D] of q [B,T,H,D] and k, v [B,T,G,D]; all rows from `ends` on are among the last `tail`."""
    index = kept_rows(q, k, ends, keep, plan.window, plan.pool)
    repeat, length = q.shape[2] // k.shape[2], q.shape[1]
    k, v = (x.repeat_interleave(repeat, dim=2).transpose(1, 2) for x in (k, v))
    q = q.transpose(1, 2)
    few = causal(*(_Pick.apply(x, index) for x in (q, k, v)))
    read = _Put.apply(few, index, length)
    asked = causal(q[:, :, length - tail :], k, v)
    is_turn = torch.arange(length - tail, length, device=q.device) >= ends[:, None]
    last = torch.where(is_turn[:, None, :, None], asked, read[:, :, length - tail :])
    return torch.cat((read[:, :, : length - tail], last), dim=2).transpose(1, 2)
