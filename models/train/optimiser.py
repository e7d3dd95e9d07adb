"""Owns the update rule: Muon for the matrices of the layers, AdamW for embedding and norms."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MUON_RATE, ADAM_RATE = 0.015, 1.2e-3
MOMENTUM, MATRIX_DECAY = 0.95, 0.01


def orthogonalised(matrices: Tensor, steps: int = 5) -> Tensor:
    """Newton-Schulz iteration on a stack [N, rows <= columns]: all singular values go to about 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.float()


class Muon:
    """Momentum, then the nearest orthogonal matrix; same-shaped matrices are handled as one stack."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self.groups: dict[tuple[int, int], list[nn.Parameter]] = {}
        for parameter in parameters:
            self.groups.setdefault((min(parameter.shape), max(parameter.shape)), []).append(parameter)
        self.momentum = {key: torch.zeros(len(g), *key, device=g[0].device) for key, g in self.groups.items()}

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for key, group in self.groups.items():
            flat = lambda m: m if m.shape[0] <= m.shape[1] else m.mT
            gradient = torch.stack([flat(p.grad) for p in group])
            momentum = self.momentum[key].lerp_(gradient, 1 - MOMENTUM)
            update = orthogonalised(gradient.lerp(momentum, MOMENTUM))
            for parameter, change in zip(group, update):
                rows, columns = parameter.shape
                change = change if rows <= columns else change.mT
                parameter.mul_(1 - rate * MATRIX_DECAY).add_(change, alpha=-rate * max(1.0, rows / columns) ** 0.5)


class Optimiser:
    """Both rules behind one step; rate is a factor from 0 to 1 that the curriculum sets."""

    def __init__(self, model: nn.Module) -> None:
        matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and name != "token_embd"]
        others = [p for name, p in model.named_parameters() if p.ndim != 2 or name == "token_embd"]
        self.parameters = matrices + others
        self.muon = Muon(matrices)
        self.adam = torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0, fused=True)

    def step(self, rate: float) -> None:
        self.muon.step(MUON_RATE * rate)
        for group in self.adam.param_groups:
            group["lr"] = ADAM_RATE * rate
        self.adam.step()

    def zero(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def state(self) -> dict:
        return {"momentum": self.muon.momentum, "adam": self.adam.state_dict()}

    def load(self, state: dict) -> None:
        for key, value in state["momentum"].items():
            self.muon.momentum[key].copy_(value)
        self.adam.load_state_dict(state["adam"])
