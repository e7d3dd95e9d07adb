"""The yardsticks of a GPU, through PyTorch: attention by SDPA's flash kernel and by cuDNN, matrix products, copies.

Usage: python3 test/bench/peers.py [--lengths 8192,32768,131072] [--rounds 3] [--ours BENCH] [--only WORD]
Rows have the form of longleaf_bench_cuda's: name, milliseconds, a rate. With --ours (the path of that program) the
rows of the longest length alternate: flash, cuDNN, ours, flash, ... for so many rounds, so that all of them see the
same clocks; and the last lines set ours beside the peers.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

HEADS, KV_HEADS, HEAD_DIM = 32, 8, 128
BACKENDS = {"SDPA flash": SDPBackend.FLASH_ATTENTION, "cuDNN": SDPBackend.CUDNN_ATTENTION}
ROW = re.compile(r"^(\S.*?) +([0-9.]+) ms +([0-9.]+) (.*)$")


def show(name: str, milliseconds: float, rate: float, unit: str) -> None:
    print(f"{name:<44} {milliseconds:9.3f} ms {rate:9.1f} {unit}", flush=True)


def timed(body: Callable[[], object], repeats: int) -> list[float]:
    """Milliseconds of each of `repeats` runs after one to warm up, by device events."""
    body()
    times = []
    for _ in range(repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        body()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return times


class Attention:
    """Causal, bf16, as many queries as keys; K and V shared by groups of heads."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.flops = 2.0 * HEADS * HEAD_DIM * length * length
        shape = lambda heads: (1, heads, length, HEAD_DIM)  # noqa: E731
        make = lambda heads: torch.randn(shape(heads), device="cuda", dtype=torch.bfloat16)  # noqa: E731
        self.q, self.k, self.v = make(HEADS), make(KV_HEADS), make(KV_HEADS)
        self.wide: tuple[torch.Tensor, torch.Tensor] | None = None

    def run(self, peer: str) -> torch.Tensor:
        with sdpa_kernel(BACKENDS[peer]):
            if self.wide is None:
                try:
                    return F.scaled_dot_product_attention(self.q, self.k, self.v, is_causal=True, enable_gqa=True)
                except RuntimeError:  # this kernel wants K and V for every head
                    self.wide = tuple(x.repeat_interleave(HEADS // KV_HEADS, dim=1) for x in (self.k, self.v))
            k, v = self.wide
            return F.scaled_dot_product_attention(self.q, k, v, is_causal=True)

    def name(self, peer: str) -> str:
        return f"attend bf16 {self.length}, {peer}"

    def show(self, peer: str, times: list[float]) -> float:
        middle = statistics.median(times)
        show(self.name(peer), middle, self.flops / middle * 1e-9, "TFLOP/s")
        return middle


def usable(attention: Attention) -> list[str]:
    found = []
    for peer in BACKENDS:
        try:
            attention.run(peer)
            found.append(peer)
        except RuntimeError as error:
            print(f"{peer} does not run here: {str(error).splitlines()[0]}")
    torch.cuda.synchronize()
    return found


def attend(length: int) -> None:
    """Interleaved repeats of every peer."""
    attention = Attention(length)
    times: dict[str, list[float]] = {peer: [] for peer in usable(attention)}
    for _ in range(5 if length <= 32768 else 3):
        for peer, so_far in times.items():
            so_far += timed(lambda peer=peer: attention.run(peer), 1)
    for peer, so_far in times.items():
        attention.show(peer, so_far)


def ours(program: str, length: int) -> dict[str, tuple[float, float, str]]:
    """The rows our own program prints of dense attention over so many tokens."""
    printed = subprocess.run([program, f"attend f16 {length}"], capture_output=True, text=True, timeout=120)
    rows = (ROW.match(line) for line in printed.stdout.splitlines())
    return {m[1].strip(): (float(m[2]), float(m[3]), m[4]) for m in rows if m}


def alternate(program: str, length: int, rounds: int) -> None:
    attention = Attention(length)
    peers = usable(attention)
    times: dict[str, list[float]] = {peer: [] for peer in peers}
    own: dict[str, list[float]] = {}
    rates: dict[str, tuple[float, str]] = {}
    for _ in range(rounds):
        for peer in peers:
            times[peer] += timed(lambda peer=peer: attention.run(peer), 1)
        torch.cuda.synchronize()
        for name, (milliseconds, rate, unit) in ours(program, length).items():
            own.setdefault(name, []).append(milliseconds)
            rates[name] = (milliseconds * rate, unit)
    medians = {peer: attention.show(peer, so_far) for peer, so_far in times.items()}
    for name, so_far in own.items():
        work, unit = rates[name]
        middle = statistics.median(so_far)
        show(f"{name}, ours beside them", middle, work / middle, unit)
        for peer, other in medians.items():
            print(f"    {other / middle:.2f} times as fast as {peer}; rounds {', '.join(f'{t:.0f}' for t in so_far)} ms")


def products() -> None:
    for dtype in (torch.float16, torch.bfloat16):
        w = torch.randn(14336, 4096, device="cuda", dtype=dtype)
        for rows in (8192, 4096, 512):
            x = torch.randn(rows, 4096, device="cuda", dtype=dtype)
            middle = statistics.median(timed(lambda x=x, w=w: x @ w.T, 15))
            kind = "f16" if dtype is torch.float16 else "bf16"
            name = f"matmul torch {kind} {rows} x 14336 x 4096"
            show(name, middle, 2.0 * rows * 14336 * 4096 / middle * 1e-9, "TFLOP/s")


def copies() -> None:
    source = torch.empty(1 << 31, device="cuda", dtype=torch.uint8).random_()
    target = torch.empty_like(source)
    middle = statistics.median(timed(lambda: target.copy_(source), 9))
    show("copy, device to device, read and written", middle, 2.0 * source.numel() / middle * 1e-6, "GB/s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lengths", default="8192,32768,131072")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ours", help="path of longleaf_bench_cuda")
    parser.add_argument("--only", default="attend,matmul,copy")
    options = parser.parse_args()
    lengths = [int(each) for each in options.lengths.split(",")]
    print(f"# {torch.cuda.get_device_name()}, torch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}")
    torch.manual_seed(1)
    with torch.inference_mode():
        if "copy" in options.only:
            copies()
        if "matmul" in options.only:
            products()
        if "attend" in options.only:
            for length in lengths[:-1] if options.ours else lengths:
                attend(length)
            if options.ours:
                alternate(options.ours, lengths[-1], options.rounds)


if __name__ == "__main__":
    main()
