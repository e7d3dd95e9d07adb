"""Owns what is trained when: the share of time each kind of step gets, and the learning rate.

Everything follows the fraction of the time budget that is spent, so the recipe fits any budget.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Mode:
    """One kind of step: its row length, and whether the document is read sparsely."""

    length: int
    sparse: bool = False

    def __str__(self) -> str:
        return f"{self.length}{' sparse' if self.sparse else ''}"


def _phase(until: float, dense: dict[int, float], sparse: dict[int, float]) -> tuple[float, dict[Mode, float]]:
    shares = {Mode(k << 10): s for k, s in dense.items()} | {Mode(k << 10, True): s for k, s in sparse.items()}
    assert abs(sum(shares.values()) - 1) < 1e-9
    return until, shares


# Per stage, until this fraction of the budget: share of the time per row length in K tokens.
STAGES: dict[int, tuple[tuple[float, dict[Mode, float]], ...]] = {
    1: (
        _phase(0.45, {2: 0.48, 4: 0.22, 16: 0.12}, {4: 0.18}),
        _phase(0.75, {2: 0.20, 4: 0.15, 16: 0.20}, {4: 0.15, 16: 0.15, 64: 0.15}),
        _phase(1.01, {2: 0.08, 4: 0.14, 16: 0.18, 64: 0.12, 128: 0.08}, {4: 0.10, 16: 0.10, 64: 0.10, 128: 0.10}),
    ),
    2: (
        _phase(0.35, {2: 0.38, 4: 0.20, 16: 0.16}, {4: 0.14, 16: 0.12}),
        _phase(0.60, {2: 0.15, 4: 0.15, 16: 0.20, 64: 0.10}, {4: 0.10, 16: 0.15, 64: 0.15}),
        _phase(1.01, {2: 0.05, 4: 0.10, 16: 0.13, 64: 0.15, 128: 0.20}, {4: 0.06, 16: 0.08, 64: 0.08, 128: 0.15}),
    ),
    3: (
        _phase(0.20, {4: 0.15, 16: 0.25, 64: 0.30}, {16: 0.15, 64: 0.15}),
        _phase(1.01, {4: 0.05, 16: 0.12, 64: 0.23, 128: 0.32}, {16: 0.06, 64: 0.08, 128: 0.14}),
    ),
    4: (
        _phase(0.33, {2: 0.20, 4: 0.20, 16: 0.18, 64: 0.16}, {4: 0.04, 16: 0.08, 64: 0.14}),
        _phase(0.66, {2: 0.10, 4: 0.11, 16: 0.15, 64: 0.20, 128: 0.14}, {16: 0.08, 64: 0.10, 128: 0.12}),
        _phase(1.01, {2: 0.06, 4: 0.08, 16: 0.13, 64: 0.20, 128: 0.27}, {16: 0.06, 64: 0.08, 128: 0.12}),
    ),
    5: (
        _phase(0.20, {2: 0.10, 4: 0.14, 16: 0.18, 64: 0.25}, {16: 0.08, 64: 0.15, 128: 0.10}),
        _phase(1.01, {2: 0.04, 4: 0.07, 16: 0.13, 64: 0.25, 128: 0.33}, {16: 0.03, 64: 0.05, 128: 0.10}),
    ),
    6: (
        _phase(0.20, {2: 0.06, 4: 0.10, 16: 0.24, 64: 0.35}, {16: 0.10, 64: 0.15}),
        _phase(1.01, {2: 0.03, 4: 0.05, 16: 0.14, 64: 0.25, 128: 0.38}, {16: 0.03, 64: 0.05, 128: 0.07}),
    ),
}
PEAK = {1: 0.75, 2: 0.6, 3: 0.5, 4: 0.5, 5: 0.5, 6: 0.65}  # of the optimiser's rates; the weights come trained
FLAT_UNTIL, LAST_RATE, WARM_STEPS = 0.15, 0.02, 40


def shares(stage: int, fraction: float) -> dict[Mode, float]:
    return next(share for until, share in STAGES[stage] if fraction < until or until > 1)


def rate(stage: int, fraction: float, step: int) -> float:
    """Warm-up, a short flat part, then straight down: the tail does what averaging weights would do."""
    warm = min(1.0, (step + 1) / WARM_STEPS) * PEAK[stage]
    if fraction < FLAT_UNTIL:
        return warm
    return warm * max(LAST_RATE, 1.0 - (1.0 - LAST_RATE) * (fraction - FLAT_UNTIL) / (1 - FLAT_UNTIL))


class Picker:
    """Gives each step to the mode that is furthest behind its share of the phase's time."""

    def __init__(self, stage: int) -> None:
        self.stage = stage
        self.spent: dict[Mode, float] = {}
        self.phase: dict[Mode, float] = {}
        self.cost: dict[Mode, float] = {}  # seconds of the last step of each mode

    def pick(self, fraction: float) -> Mode:
        """The mode is charged at once what its last step took; `add` puts that right later."""
        wanted = shares(self.stage, fraction)
        if wanted is not self.phase:
            self.phase, self.spent = wanted, dict.fromkeys(wanted, 0.0)
        mode = min(wanted, key=lambda m: (self.spent[m] / wanted[m], m))
        self.spent[mode] += self.cost.get(mode, 0.0)
        return mode

    def add(self, mode: Mode, seconds: float) -> None:
        if mode in self.spent:
            self.spent[mode] += seconds - self.cost.get(mode, 0.0)
        self.cost[mode] = seconds
