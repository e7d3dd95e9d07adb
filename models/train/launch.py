"""Owns starting one training process per GPU and starting them again after a crash.

Usage: python3 -m train.launch --store S --tables T.gguf --run R --minutes 19 [--init SEED.gguf]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from .train import arguments

ATTEMPTS = 5


def start(count: int, port: int) -> list[subprocess.Popen]:
    processes = []
    for rank in range(count):
        world = {"RANK": str(rank), "WORLD_SIZE": str(count), "TRAIN_PORT": str(port)}
        command = [sys.executable, "-m", "train.train", *sys.argv[1:]]
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


def main() -> None:
    import torch

    options = arguments()
    options.run.mkdir(parents=True, exist_ok=True)
    began = options.run / "began"
    if not began.exists():
        began.write_text(str(time.time()))
    for attempt in range(ATTEMPTS):
        if wait(start(torch.cuda.device_count(), 29_500 + attempt)):
            return
        print(f"attempt {attempt + 1} failed; continuing from the last checkpoint", flush=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
