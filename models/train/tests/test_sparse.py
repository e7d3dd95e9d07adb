"""Token-sparse reading in a training step, against the algorithm written out in float64."""

from __future__ import annotations

import unittest

import numpy as np

try:
    import torch
except ImportError:
    torch = None

WINDOW, POOL, KEEP = 4, 3, 5


def expected(q: np.ndarray, k: np.ndarray, v: np.ndarray, end: int) -> np.ndarray:
    """One head [T,D]: the document (rows before `end`) attends among the kept rows, the turns to all."""
    length, dim = q.shape
    scale, prefix = dim**-0.5, end - WINDOW
    importance = np.zeros(prefix)
    for row in range(prefix, end):
        weight = np.exp(scale * q[row] @ k[: row + 1].T)
        importance += (weight / weight.sum())[:prefix] / WINDOW
    padded = np.concatenate([np.zeros(POOL // 2), importance, np.zeros(POOL // 2)])
    pooled = np.array([padded[i : i + POOL].mean() for i in range(prefix)])
    kept = sorted(np.argsort(-pooled)[:KEEP].tolist()) + list(range(prefix, end))
    out = np.zeros_like(v)
    for row in [*kept, *range(end, length)]:
        seen = [r for r in kept if r <= row] if row < end else list(range(row + 1))
        weight = np.exp(scale * q[row] @ k[seen].T)
        out[row] = (weight / weight.sum()) @ v[seen]
    return out


@unittest.skipIf(torch is None, "needs PyTorch")
class SparseReading(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(11)
        self.q, self.k, self.v = (torch.randn(2, 30, heads, 8, dtype=torch.float64) for heads in (4, 2, 2))
        self.ends = torch.tensor([17, 21])

    def attend(self, q, k, v):
        from train.sparse import SparsePlan, attend_sparse

        return attend_sparse(q, k, v, self.ends, 13, KEEP, SparsePlan({}, WINDOW, POOL))

    def test_equals_the_algorithm_in_float64(self) -> None:
        got = self.attend(self.q, self.k, self.v).numpy()
        for row in range(2):
            for head in range(4):
                one = (x[row, :, h].numpy() for x, h in ((self.q, head), (self.k, head // 2), (self.v, head // 2)))
                np.testing.assert_allclose(got[row, :, head], expected(*one, int(self.ends[row])), atol=1e-6)

    def test_gradients_are_those_of_finite_differences(self) -> None:
        # No gradient goes through the choice; so small a change does not alter it.
        inputs = tuple(x.requires_grad_() for x in (self.q, self.k, self.v))
        self.assertTrue(torch.autograd.gradcheck(self.attend, inputs, eps=1e-6, atol=1e-4, fast_mode=True))

    def test_keeping_everything_is_dense(self) -> None:
        from train.model import attend
        from train.sparse import SparsePlan, attend_sparse

        ends = torch.tensor([21, 21])
        got = attend_sparse(self.q, self.k, self.v, ends, 9, 21 - WINDOW, SparsePlan({}, WINDOW, POOL))
        torch.testing.assert_close(got, attend(self.q, self.k, self.v))

    def test_a_step_chooses_what_a_reading_chooses(self) -> None:
        from train.decode import Sparsity, kept_tokens
        from train.sparse import kept_rows

        q, k, end = self.q.float(), self.k.float(), 30
        plan = Sparsity(frozenset({0}), 0.4, WINDOW, 3, POOL)
        wide = k.repeat_interleave(2, dim=2)
        read = kept_tokens(q[0].transpose(0, 1), wide[0].transpose(0, 1), plan)
        keep = read.shape[1] - WINDOW
        step = kept_rows(q[:1], k[:1], torch.tensor([end]), keep, WINDOW, POOL)[0]
        self.assertTrue(torch.equal(read, step))


class Plans(unittest.TestCase):
    @unittest.skipIf(torch is None, "needs PyTorch")
    def test_short_documents_are_read_whole(self) -> None:
        import random

        from train.sparse import LEAST, WINDOW as REAL, draw_plan

        self.assertIsNone(draw_plan([LEAST + REAL, 4_000], random.Random(1), 8))
        for seed in range(20):
            plan = draw_plan([2_000, 4_000], random.Random(seed), 8)
            self.assertTrue(all(LEAST <= keep <= 2_000 - REAL for keep in plan.keep.values()))
            self.assertGreaterEqual(min(plan.keep), 2)


if __name__ == "__main__":
    unittest.main()
