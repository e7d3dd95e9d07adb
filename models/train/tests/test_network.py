"""The network and its two ways of reading; skipped where PyTorch is not installed."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

try:
    import torch
except ImportError:
    torch = None

try:
    import transformers
except ImportError:
    transformers = None

from train.settings import Shape

TOY = Shape(layers=2, width=32, heads=4, kv_heads=2, head_dim=8, ffn=48, vocab=64, rope_pairs=2)


@unittest.skipIf(torch is None, "needs PyTorch")
class Agreement(unittest.TestCase):
    def setUp(self) -> None:
        from train.model import Longleaf

        torch.manual_seed(5)
        self.model = Longleaf(TOY)
        self.model.working = torch.float32

    def test_cached_reading_equals_the_training_pass(self) -> None:
        from train.decode import forced, read
        from train.model import Network, Step, rope_tables

        ids = torch.randint(5, TOY.vocab, (41,)).tolist()
        document, prompt, answer = ids[:30], ids[30:35], ids[35:]
        got = forced(self.model, read(self.model, document), [prompt], [answer])[0]
        network, tables = Network(self.model, compiled=False), rope_tables(40, TOY, torch.device("cpu"))
        for place, token in enumerate(got):
            losses = {}
            for target in (token, *range(0, TOY.vocab, 9)):
                tried = torch.tensor([ids])
                tried[0, 35 + place] = target  # the loss is least where the target is the likeliest token
                step = Step(tried, torch.tensor([34 + place]), torch.ones(1), torch.zeros(1, dtype=torch.long), *tables)
                losses[target] = network.loss(step)[0].item()
            self.assertEqual(min(losses, key=losses.__getitem__), token)

    def test_pairs_that_stand_still_do_not_see_distance(self) -> None:
        from train.model import rope_tables, rotate

        cos, sin = rope_tables(1_000, TOY, torch.device("cpu"))
        q, k = torch.randn(2, 8)
        far, near = (rotate(q[None, None], cos[at : at + 1], sin[at : at + 1])[0, 0] * k for at in (999, 3))
        still = [2, 3, 6, 7]  # of pairs (i, i + 4) the last two
        torch.testing.assert_close(far[still], near[still])
        self.assertFalse(torch.allclose(far, near))

    @unittest.skipIf(transformers is None, "needs transformers")
    def test_transformers_reads_what_is_exported(self) -> None:
        from train.bridge import out_of_model
        from train.model import attend, normed, rope_tables
        from train.weights import hf_config, write_safetensors

        ids = torch.randint(5, TOY.vocab, (1, 700))
        self.model.bfloat16().float()  # as the file rounds them
        with tempfile.TemporaryDirectory() as folder:
            write_safetensors(Path(folder) / "model.safetensors", out_of_model(self.model))
            (Path(folder) / "config.json").write_text(json.dumps(hf_config(TOY)))
            theirs = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        x, (cos, sin) = self.model.embed(ids), rope_tables(700, TOY, torch.device("cpu"))
        with torch.no_grad():
            for block in self.model.blk:
                x = block.feed(x, attend(*block.qkv(x, cos, sin)))
            ours = self.model.logits(normed(x, self.model.output_norm, TOY.eps))
            torch.testing.assert_close(ours, theirs(ids).logits, atol=1e-4, rtol=1e-3)

    def test_one_step_of_both_rules_lowers_the_loss(self) -> None:
        from train.model import Network, Step, rope_tables
        from train.optimiser import Optimiser

        network, optimiser = Network(self.model, compiled=False), Optimiser(self.model)
        tokens = torch.randint(5, TOY.vocab, (2, 33))
        tables = (table.repeat(2, 1) for table in rope_tables(32, TOY, torch.device("cpu")))
        step = Step(tokens, torch.arange(64), torch.ones(64), torch.arange(64) % 3, *tables)
        losses = []
        for _ in range(6):
            loss, figures = network.loss(step)
            loss.backward()
            optimiser.step(0.5)
            optimiser.zero()
            losses.append(loss.item())
        self.assertLess(losses[-1], losses[0] - 0.2)
        self.assertEqual(figures[2].tolist(), [22, 21, 21, 0, 0, 0, 0, 0])

    def test_dropout_changes_the_loss_and_reaches_every_matrix(self) -> None:
        from train.model import Network, Step, rope_tables

        network, tokens = Network(self.model, compiled=False), torch.randint(5, TOY.vocab, (1, 33))
        tables = rope_tables(32, TOY, torch.device("cpu"))
        loss = lambda dropout: network.loss(Step(tokens, torch.arange(32), torch.ones(32), torch.arange(32) % 3, *tables, dropout=dropout))[0]
        self.assertEqual(loss(0.0).item(), loss(0.0).item())
        self.assertNotEqual(loss(0.2).item(), loss(0.2).item())
        loss(0.2).backward()
        for name, parameter in self.model.named_parameters():
            self.assertTrue(parameter.grad.isfinite().all() and parameter.grad.any(), name)


if __name__ == "__main__":
    unittest.main()
