"""Owns starting one training process per GPU and starting them again after a crash.

Usage: python3 -m train.launch --store S --tables T.gguf --run R --minutes 19 [--init SEED.gguf]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from . import curriculum

ATTEMPTS = 4


def arguments(extra: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="tokenised corpus")
    parser.add_argument("--tables", type=Path, required=True, help="GGUF whose tokenizer made the store")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints and logs")
    parser.add_argument("--init", type=Path, help="GGUF or safetensors to start from; left out: from nothing")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--stage", type=int, choices=sorted(curriculum.STAGES), default=1)
    parser.add_argument("--workers", type=int, default=6, help="row makers per GPU")
    parser.add_argument("--attention", choices=("flash", "cudnn"), default="cudnn")
    parser.add_argument("--dense", action="store_true", help="sparse steps become dense ones")
    return parser.parse_args(extra)


def start(count: int, attempt: int) -> list[subprocess.Popen]:
    """A third attempt does without sparse steps, in case it was they that failed."""
    processes, extra = [], ["--dense"] if attempt >= 2 else []
    for rank in range(count):
        world = {"RANK": str(rank), "WORLD_SIZE": str(count), "TRAIN_PORT": str(29_500 + attempt)}
        command = [sys.executable, "-m", "train.train", *sys.argv[1:], *extra]
        processes.append(subprocess.Popen(command, env={**os.environ, **world}))
    return processes


def wait(processes: list[subprocess.Popen]) -> bool:
    """True when every process ended well; the others are ended as soon as one fails."""
    while any(p.poll() is None for p in processes):
        if any(p.poll() not in (None, 0) for p in processes):
            for process in processes:
                process.kill()
            return False
        time.sleep(0.5)
    return all(p.returncode == 0 for p in processes)


def gpu_count() -> int:
    """The GPUs this run may use, asked without loading PyTorch where the environment names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible:
        return len(visible.split(","))
    import torch

    return torch.cuda.device_count()


def main() -> None:
    options = arguments()
    options.run.mkdir(parents=True, exist_ok=True)
    began = options.run / "began"
    if not began.exists():
        began.write_text(str(time.time()))
    for attempt in range(ATTEMPTS):
        if wait(start(gpu_count(), attempt)):
            return
        print(f"attempt {attempt + 1} failed; continuing from the last checkpoint", flush=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
