"""Owns writing the shipped files from a checkpoint.

Usage: python3 -m train.export CHECKPOINT.pt|.safetensors TOKENIZER.gguf OUT_DIR
A .pt is first rounded to bf16 safetensors, with the config.json that transformers needs, and the GGUF is made
from those: so the same GGUF, byte for byte, comes from the safetensors later, without PyTorch.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from .settings import MINI
from .tokenizer import Tokenizer
from .weights import Weights, hf_config, read_safetensors, tensor_names, write_gguf_weights, write_safetensors


def checkpoint_weights(path: Path) -> Weights:
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)["model"]
    return {name: state[name.removesuffix(".weight")].float().numpy() for name in tensor_names(MINI.layers)}


def main() -> None:
    source, tables, out = (Path(arg) for arg in sys.argv[1:4])
    out.mkdir(parents=True, exist_ok=True)
    rounded = out / "model.safetensors"  # the name transformers looks for
    if source.suffix == ".pt":
        write_safetensors(rounded, checkpoint_weights(source))
        (out / "config.json").write_text(json.dumps(hf_config(MINI), indent=2) + "\n")
        source = rounded
    target = out / "longleaf-mini.gguf"
    write_gguf_weights(target, read_safetensors(source, MINI), MINI, Tokenizer.from_gguf(tables))
    print(f"{target}: {target.stat().st_size:,} bytes, sha256 {hashlib.sha256(target.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
