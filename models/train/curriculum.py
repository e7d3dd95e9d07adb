"""Owns what is trained when: the share of time each length gets, and the learning rate.

Everything follows the fraction of the time budget that is spent, so the recipe fits any budget.
"""

from __future__ import annotations

# Until this fraction of the budget: share of the time for each row length.
PHASES: tuple[tuple[float, dict[int, float]], ...] = (
    (0.25, {2_048: 0.55, 4_096: 0.35, 16_384: 0.10}),
    (0.50, {2_048: 0.10, 4_096: 0.40, 16_384: 0.35, 65_536: 0.15}),
    (0.70, {4_096: 0.15, 16_384: 0.20, 65_536: 0.35, 131_072: 0.30}),
    (1.01, {4_096: 0.12, 16_384: 0.18, 65_536: 0.25, 131_072: 0.45}),
)
FLAT_UNTIL, LAST_RATE, WARM_STEPS = 0.40, 0.03, 30


def shares(fraction: float) -> dict[int, float]:
    return next(share for until, share in PHASES if fraction < until or until > 1)


def rate(fraction: float, step: int) -> float:
    warm = min(1.0, (step + 1) / WARM_STEPS)
    if fraction < FLAT_UNTIL:
        return warm
    return warm * max(LAST_RATE, 1.0 - (1.0 - LAST_RATE) * (fraction - FLAT_UNTIL) / (1 - FLAT_UNTIL))


class LengthPicker:
    """Gives each step to the length that is furthest behind its share of the phase's time."""

    def __init__(self) -> None:
        self.spent: dict[int, float] = {}
        self.phase: dict[int, float] = {}

    def pick(self, fraction: float) -> int:
        wanted = shares(fraction)
        if wanted is not self.phase:
            self.phase, self.spent = wanted, {length: 0.0 for length in wanted}
        return min(wanted, key=lambda length: (self.spent[length] / wanted[length], length))

    def add(self, length: int, seconds: float) -> None:
        if length in self.spent:
            self.spent[length] += seconds
