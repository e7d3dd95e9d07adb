"""Owns copying named weights into and out of the PyTorch network."""

from __future__ import annotations

import torch

from .model import Longleaf
from .weights import Weights


def into_model(model: Longleaf, weights: Weights) -> None:
    state = {name.removesuffix(".weight"): torch.from_numpy(values.copy()) for name, values in weights.items()}
    model.load_state_dict(state)


def out_of_model(model: Longleaf) -> Weights:
    return {f"{name}.weight": p.detach().float().cpu().numpy() for name, p in model.named_parameters()}
