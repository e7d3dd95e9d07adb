"""Owns one training process (one per GPU); start it through train.launch.

It stops when the time budget is spent, saves a checkpoint every two minutes, and continues from
the last one when started again in the same run folder: the clock keeps running meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import deque
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from . import curriculum
from .bridge import into_model
from .loader import Batch, Loader
from .model import Longleaf, Network, rope_tables
from .optimiser import Optimiser
from .rows import FIND
from .settings import CONTEXT, MINI, SEED, STEP_TOKENS, Shape
from .weights import read_weights

SAVE_EVERY, LOG_EVERY, CLIP = 120.0, 25, 1.0


def arguments(extra: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="tokenised corpus")
    parser.add_argument("--tables", type=Path, required=True, help="GGUF whose tokenizer made the store")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints and logs")
    parser.add_argument("--init", type=Path, help="GGUF or safetensors to start from; left out: from nothing")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--workers", type=int, default=6, help="row makers per GPU")
    parser.add_argument("--attention", choices=("flash", "cudnn"), default="cudnn")
    return parser.parse_args(extra)


class Ranks:
    """The processes of one run and the word they pass on each step's length."""

    def __init__(self) -> None:
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self.store = None
        if self.count > 1:
            port = int(os.environ["TRAIN_PORT"])
            self.store = dist.TCPStore("127.0.0.1", port, self.count, self.rank == 0)
            dist.init_process_group("nccl", store=self.store, rank=self.rank, world_size=self.count)

    def agree(self, step: int, decision: tuple[int, float] | None) -> tuple[int, float]:
        """Rank 0's (length, fraction), through the host so that no GPU queue is drained."""
        if self.store is None:
            assert decision is not None
            return decision
        if decision is not None:
            self.store.set(f"step{step}", f"{decision[0]} {decision[1]!r}")
            return decision
        length, fraction = self.store.get(f"step{step}").decode().split()
        return int(length), float(fraction)

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
            into_model(self.model, read_weights(options.init, shape))
        self.model.to(self.device)
        self.optimiser = Optimiser(self.model)
        self.step, self.saved = 0, time.time()
        self.cos, self.sin = rope_tables(CONTEXT, shape, self.device)
        self.picker = curriculum.LengthPicker()
        self.pending: deque[tuple[int, torch.cuda.Event, torch.cuda.Event]] = deque()
        self.figures: dict[int, Tensor] = {}
        self.tokens = 0
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

    def loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        send = lambda a: torch.from_numpy(a).pin_memory().to(self.device, non_blocking=True)
        tokens, positions, weights = send(batch[0].astype("int32")).long(), send(batch[1]).long(), send(batch[2])
        length = tokens.shape[1] - 1
        tables = self.cos[:length], self.sin[:length]
        return self.network.loss(tokens, positions.flatten(), weights.flatten(), tables, FIND)

    def one_step(self, length: int, fraction: float, batch: Batch) -> None:
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        loss, figures = self.loss(batch)
        loss.backward()
        self.norm = self.ranks.average(self.optimiser.parameters)
        self.optimiser.step(curriculum.rate(fraction, self.step))
        self.optimiser.zero()
        end.record()
        self.figures[length] = self.figures.get(length, 0) + figures
        self.pending.append((length, begin, end))
        # Two steps in flight: enough to hide the host, few enough to keep the clock honest.
        while len(self.pending) > 2:
            done, first, last = self.pending.popleft()
            last.synchronize()
            self.picker.add(done, first.elapsed_time(last) / 1000)

    def log(self, fraction: float, began: float) -> None:
        line = {"step": self.step, "seconds": round(time.time() - began, 1), "fraction": round(fraction, 4),
                "tokens": self.tokens * self.ranks.count, "norm": round(self.norm.item(), 3)}
        for length, figures in self.figures.items():
            loss, weight, right, count = figures.tolist()
            line[str(length)] = {"loss": round(loss / max(weight, 1), 4), "find": round(right / max(count, 1), 4)}
        self.figures = {}
        if self.ranks.rank == 0:
            print(json.dumps(line), flush=True)

    def run(self, loader: Loader, began: float) -> None:
        budget = self.options.minutes * 60
        while True:
            decision = None
            if self.ranks.rank == 0:
                now = (time.time() - began) / budget
                decision = (self.picker.pick(min(now, 1.0)), now)
            length, fraction = self.ranks.agree(self.step, decision)
            if fraction >= 1.0:
                break
            loader.fraction.value = fraction
            self.one_step(length, fraction, loader.batch(length))
            self.step += 1
            self.tokens += STEP_TOKENS
            if self.step % LOG_EVERY == 0:
                self.log(fraction, began)
            if time.time() - self.saved > SAVE_EVERY:
                self.save()
        self.save()
        if self.ranks.rank == 0:
            (self.options.run / "finished").write_text(f"{self.step} steps, {self.tokens * self.ranks.count} tokens\n")


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
    loader = Loader(options.store, options.tables, options.workers, rank)
    torch.cuda.set_device(rank)
    set_backends(options.attention)
    ranks = Ranks()
    began = float((options.run / "began").read_text())
    Trainer(options, ranks).run(loader, began)
    # Fork workers are daemons; leaving hard keeps a full queue from blocking the exit.
    os._exit(0)


if __name__ == "__main__":
    main()
