"""Owns turning right and wrong answers into shares with intervals, and into the card's tables."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

# (column of the record, its words in the table)
ROWS = (
    ("fact exact", "planted facts, sentence and value exact"), ("fact short", "planted facts, value exact"),
    ("hard fact exact", "lists, tables, two hops: sentence and value exact"), ("keyword quote", "sentence quoted from keywords"),
    ("reading quote", "SQuAD question among distractors, right sentence"),
    ("reading short", "SQuAD question among distractors, short answer exact"),
    ("absent refused", "not in the novel: refused"), ("absent reading refused", "not in the articles: refused"),
    ("false refusal", "false refusals (facts, keywords, SQuAD)"),
)


@dataclass
class Mark:
    """One verdict on one answer; `item` names the question, so that settings can be compared in pairs."""

    length: int
    column: str
    item: str
    right: bool


def wilson(right: int, count: int) -> tuple[float, float]:
    """95 % interval of a share."""
    if count == 0:
        return 0.0, 1.0
    z, p = 1.96, right / count
    middle, half = p + z * z / (2 * count), z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return max(0.0, (middle - half) / (1 + z * z / count)), min(1.0, (middle + half) / (1 + z * z / count))


def tally(marks: list[Mark]) -> dict[str, dict[int, tuple[int, int]]]:
    """Per column and length: right ones, all."""
    counts: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for mark in marks:
        right, count = counts[mark.column].get(mark.length, (0, 0))
        counts[mark.column][mark.length] = right + mark.right, count + 1
    return counts


def as_json(marks: list[Mark]) -> dict:
    return {
        column: {str(length): {"right": r, "of": n, "interval": [round(b, 4) for b in wilson(r, n)]} for length, (r, n) in sorted(by.items())}
        for column, by in sorted(tally(marks).items())
    }


def _cell(right: int, count: int) -> str:
    low, high = wilson(right, count)
    return f"{right} of {count} ({100 * low:.0f}–{100 * high:.0f} %)"


def table(marks: list[Mark], lengths: list[int]) -> str:
    counts = tally(marks)
    lines = ["| task | " + " | ".join(f"{length // 1024}K" for length in lengths) + " |", "| --- |" + " --- |" * len(lengths)]
    for column, words in ROWS:
        by = counts.get(column, {})
        if by:
            lines.append(f"| {words} | " + " | ".join(_cell(*by[n]) if n in by else "" for n in lengths) + " |")
    return "\n".join(lines) + "\n"


WHOLE = {"fact exact", "keyword quote", "reading short", "absent refused", "absent reading refused"}


def difference(dense: list[Mark], sparse: list[Mark]) -> dict[int, dict]:
    """`changes` over all answers (sentence, value or refusal right as a whole)."""
    return changes(dense, sparse, WHOLE)


def changes(before: list[Mark], after: list[Mark], columns: set[str]) -> dict[int, dict]:
    """Per length, over the questions both answered: right before and after, lost, gained, and the change
    in points with its 95 % interval from the pairs."""
    known = {(m.length, m.column, m.item): m.right for m in before if m.column in columns}
    pairs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for m in after:
        key = (m.length, m.column, m.item)
        if key in known:
            pairs[m.length].append((int(known[key]), int(m.right)))
    result = {}
    for length, both in sorted(pairs.items()):
        moved = [now - then for then, now in both]
        n, mean = len(moved), sum(moved) / len(moved)
        spread = math.sqrt(sum((c - mean) ** 2 for c in moved) / max(1, n - 1) / n)
        result[length] = {"of": n, "before": sum(then for then, _ in both), "after": sum(now for _, now in both),
                          "lost": moved.count(-1), "gained": moved.count(1), "points": round(100 * mean, 2),
                          "interval": [round(100 * (mean - 1.96 * spread), 2), round(100 * (mean + 1.96 * spread), 2)]}
    return result
