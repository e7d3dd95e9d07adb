"""Owns comparing two measured models on the questions both answered.

Usage: python3 -m train.compare BASE CANDIDATE, both folders that `evaluate` wrote.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .figures import ROWS, Mark, changes


def marks_of(folder: Path) -> list[Mark]:
    return [Mark(*entry) for entry in json.loads((folder / "marks.json").read_text())]


def table(base: list[Mark], candidate: list[Mark]) -> str:
    """Per task and length: right before, right now, of how many; change in points with its 95 % interval."""
    lengths = sorted({mark.length for mark in candidate})
    lines = ["| task | " + " | ".join(f"{n // 1024}K" for n in lengths) + " |", "| --- |" + " --- |" * len(lengths)]
    for column, words in ROWS:
        found = changes(base, candidate, {column})
        cell = lambda c: f"{c['before']} → {c['after']} of {c['of']} ({c['interval'][0]:+.0f} to {c['interval'][1]:+.0f})"
        if found:
            lines.append(f"| {words} | " + " | ".join(cell(found[n]) if n in found else "" for n in lengths) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    base, candidate = (marks_of(Path(folder)) for folder in sys.argv[1:3])
    print("The same questions before and after; in brackets the change in points, 95 % interval of the pairs.\n")
    print(table(base, candidate))


if __name__ == "__main__":
    main()
