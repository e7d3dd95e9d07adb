"""Owns one training process (one per GPU); start it through train.launch.

It stops when the time budget is spent, saves a checkpoint every half minute, and continues from
the last one when started again in the same run folder: the clock keeps running meanwhile. The budget
counts from the launch; the curriculum from the first step, after compiling.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections import deque
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from . import curriculum
from .bridge import into_model
from .curriculum import Mode
from .launch import arguments
from .loader import Batch, Loader
from .model import Longleaf, Network, Step, rope_tables
from .optimiser import Optimiser
from .settings import CONTEXT, MARK_NAMES, MINI, ROW_PLANS, SEED, STEP_SCORED, STEP_TOKENS, Shape
from .sparse import SparsePlan, causal, draw_plan
from .weights import read_model

SAVE_EVERY, LOG_EVERY, CLIP = 30.0, 25, 1.0


class Ranks:
    """The processes of one run and the word they pass on each step's length."""

    def __init__(self) -> None:
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self.store = None
        if self.count > 1:
            port = int(os.environ["TRAIN_PORT"])
            self.store = dist.TCPStore("127.0.0.1", port, self.count, self.rank == 0)
            dist.init_process_group("nccl", store=self.store, rank=self.rank, world_size=self.count)

    def agree(self, step: int, decision: tuple[Mode, float] | None) -> tuple[Mode, float]:
        """Rank 0's (mode, fraction), through the host so that no GPU queue is drained."""
        if self.store is None:
            assert decision is not None
            return decision
        if decision is not None:
            mode, fraction = decision
            self.store.set(f"step{step}", f"{mode.length} {int(mode.sparse)} {fraction!r}")
            return decision
        length, sparse, fraction = self.store.get(f"step{step}").decode().split()
        return Mode(int(length), sparse == "1"), float(fraction)

    def average(self, parameters: list[torch.nn.Parameter]) -> Tensor:
        """Mean gradient over the GPUs, clipped; a step with a NaN in it becomes no step. Returns the norm."""
        flat = torch.cat([p.grad.reshape(-1) for p in parameters])
        if self.count > 1:
            dist.all_reduce(flat, op=dist.ReduceOp.AVG)
        norm = flat.norm()
        scale = torch.where(torch.isfinite(norm), (CLIP / (norm + 1e-6)).clamp(max=1.0), torch.zeros_like(norm))
        flat = torch.nan_to_num(flat, 0.0, 0.0, 0.0) * scale
        for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters])):
            parameter.grad.copy_(part.view_as(parameter))
        return norm


class Trainer:
    def __init__(self, options: argparse.Namespace, ranks: Ranks, shape: Shape = MINI) -> None:
        self.options, self.ranks = options, ranks
        self.device = torch.device("cuda", ranks.rank)
        torch.manual_seed(SEED)
        self.model = Longleaf(shape)
        if options.init:
            into_model(self.model, read_model(options.init, shape)[1])  # its pairs turn as `shape` says from here on
        self.model.to(self.device)
        torch.manual_seed(SEED + 1 + ranks.rank)  # dropout differs between GPUs
        self.optimiser = Optimiser(self.model)
        self.step, self.saved = 0, time.time()
        self.cos, self.sin = rope_tables(CONTEXT, shape, self.device)
        self.picker = curriculum.Picker(options.stage)
        self.rng = random.Random(SEED + ranks.rank)
        self.pending: deque[tuple[Mode, torch.cuda.Event, torch.cuda.Event]] = deque()
        self.figures: dict[Mode, Tensor] = {}
        self.norm = torch.zeros(())
        self.tokens, self.waited = 0, 0.0
        self._resume()
        self.network = Network(self.model, compiled=True)

    def _resume(self) -> None:
        path = self.options.run / "checkpoint.pt"
        if path.exists():
            state = torch.load(path, map_location=self.device, weights_only=False)
            self.model.load_state_dict(state["model"])
            self.optimiser.load(state["optimiser"])
            self.step, self.tokens = state["step"], state["tokens"]

    def save(self) -> None:
        """Written to a temporary name first: a crash in mid-save leaves the previous checkpoint."""
        if self.ranks.rank == 0:
            state = {"model": self.model.state_dict(), "optimiser": self.optimiser.state(), "step": self.step, "tokens": self.tokens}
            torch.save(state, self.options.run / "checkpoint.tmp")
            os.replace(self.options.run / "checkpoint.tmp", self.options.run / "checkpoint.pt")
        self.saved = time.time()

    def warm_up(self) -> None:
        """Compiles everything on noise, and drops the gradients."""
        began = time.time()
        length = min(ROW_PLANS)
        self._check_causal()
        noise = torch.randint(5, self.model.shape.vocab, (STEP_TOKENS // length, length + 1), device=self.device)
        scored = torch.arange(STEP_SCORED, device=self.device)
        table = (x[:length].repeat(len(noise), 1) for x in (self.cos, self.sin))
        self.network.loss(Step(noise, scored, torch.ones(STEP_SCORED, device=self.device), scored % 3, *table))[0].backward()
        self.optimiser.zero()
        torch.cuda.synchronize()
        print(f"compiled in {time.time() - began:.0f} s", flush=True)

    def _check_causal(self) -> None:
        """The flash kernel must line a short run of queries up with the end of the keys."""
        q, k, v = torch.randn(3, 1, 8, 640, 64, device=self.device, dtype=torch.bfloat16)
        error = (causal(q[:, :, 500:], k, v) - causal(q, k, v)[:, :, 500:]).abs().max().item()
        assert error < 0.02, f"attention of the last rows is off by {error}"

    def sent(self, batch: Batch, plan: SparsePlan | None) -> Step:
        send = lambda a: torch.from_numpy(a).pin_memory().to(self.device, non_blocking=True)
        places = send(batch.places).long().flatten()
        length = batch.places.shape[1]
        return Step(
            send(batch.tokens.astype("int32")).long(), send(batch.scored).long().flatten(), send(batch.weights).flatten(),
            send(batch.marks).long().flatten(), self.cos[places], self.sin[places],
            send(np.array(batch.ends)), length - min(batch.ends), plan, ROW_PLANS[length].dropout,
        )

    def one_step(self, mode: Mode, fraction: float, batch: Batch) -> None:
        is_sparse = mode.sparse and not self.options.dense
        plan = draw_plan(batch.ends, self.rng, self.model.shape.layers) if is_sparse else None
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        loss, figures = self.network.loss(self.sent(batch, plan))
        loss.backward()
        self.norm = self.ranks.average(self.optimiser.parameters)
        self.optimiser.step(curriculum.rate(self.options.stage, fraction, self.step))
        self.optimiser.zero()
        end.record()
        self.figures[mode] = self.figures.get(mode, 0) + figures
        self.pending.append((mode, begin, end))
        # Two steps in flight: enough to hide the host, few enough to keep the clock honest.
        while len(self.pending) > 2:
            done, first, last = self.pending.popleft()
            last.synchronize()
            self.picker.add(done, first.elapsed_time(last) / 1000)

    def log(self, fraction: float, began: float) -> None:
        """Per mode: seconds of a step, then of each mark the loss and the share of likeliest tokens that were right."""
        line = {"step": self.step, "seconds": round(time.time() - began, 1), "fraction": round(fraction, 4),
                "tokens": self.tokens * self.ranks.count, "norm": round(self.norm.item(), 3), "waited": round(self.waited, 1)}
        for mode, figures in self.figures.items():
            losses, right, count = figures.tolist()
            line[str(mode)] = {"step": round(self.picker.cost.get(mode, 0.0), 3)} | {
                name: [round(losses[i] / count[i], 3), round(right[i] / count[i], 3)]
                for i, name in enumerate(MARK_NAMES) if count[i]}
        self.figures = {}
        if self.ranks.rank == 0:
            print(json.dumps(line), flush=True)

    def run(self, loader: Loader, began: float) -> None:
        first, budget = self._first_step(), 0.0
        while True:
            decision = None
            if self.ranks.rank == 0:
                budget = budget or began + self.options.minutes * 60 - first
                now = (time.time() - first) / max(budget, 1.0)
                decision = (self.picker.pick(min(now, 1.0)), now)
            mode, fraction = self.ranks.agree(self.step, decision)
            if fraction >= 1.0:
                break
            loader.fraction.value = fraction
            asked = time.time()
            batch = loader.batch(mode.length)
            self.waited += time.time() - asked
            self.one_step(mode, fraction, batch)
            self.step += 1
            self.tokens += STEP_TOKENS
            if self.step % LOG_EVERY == 0:
                self.log(fraction, began)
            if time.time() - self.saved > SAVE_EVERY:
                self.save()
        torch.cuda.synchronize()  # a process that left now would take its part of the others' last sums with it
        self.save()
        if self.ranks.rank == 0:
            (self.options.run / "finished").write_text(f"{self.step} steps, {self.tokens * self.ranks.count} tokens\n")

    def _first_step(self) -> float:
        """When this run's first step began; a run that goes on after a crash keeps it."""
        path = self.options.run / "first"
        if self.ranks.rank == 0 and not path.exists():
            path.write_text(str(time.time()))
        return float(path.read_text()) if self.ranks.rank == 0 else 0.0


def set_backends(attention: str) -> None:
    """One attention kernel or a failure, never a slow one in silence."""
    torch.backends.cuda.enable_math_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    torch.backends.cuda.enable_flash_sdp(attention == "flash")
    torch.backends.cuda.enable_cudnn_sdp(attention == "cudnn")
    torch.backends.cuda.matmul.allow_tf32 = True
    torch._dynamo.config.recompile_limit = 64


def main() -> None:
    options = arguments()
    rank = int(os.environ.get("RANK", 0))
    loader = Loader(options.store, options.tables, options.workers, rank, options.stage)
    torch.cuda.set_device(rank)
    set_backends(options.attention)
    ranks = Ranks()
    began = float((options.run / "began").read_text())
    trainer = Trainer(options, ranks)
    trainer.warm_up()
    trainer.run(loader, began)
    # Fork workers are daemons; leaving hard keeps a full queue from blocking the exit.
    os._exit(0)


if __name__ == "__main__":
    main()
