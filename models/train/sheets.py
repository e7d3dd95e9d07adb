"""Owns measuring through Longleaf's own engine: what `evaluate` asks, written as JSON for
test/eval/sheets.mjs, and its answers judged.

Usage: python3 -m train.sheets ask --tables M.gguf --store S --out SHEETS.json --lengths 4096 ... [--seen]
       python3 -m train.sheets judge SHEETS.json ANSWERS.json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from .corpus import Corpus
from .evalset import sheets
from .figures import Mark, difference, table
from .questions import Turn
from .settings import ASSISTANT, USER
from .tokenizer import Tokenizer
from .verdict import verdicts


def ask(options: argparse.Namespace) -> None:
    tokenizer = Tokenizer.from_gguf(options.tables)
    made = []
    for sheet in sheets(Corpus(options.store, tokenizer), options.lengths, not options.seen):
        prompts = [[USER] + tokenizer.encode(turn.question) + [ASSISTANT] for turn in sheet.turns]
        made.append({"length": sheet.length, "source": sheet.source, "tokens": [int(t) for t in sheet.tokens],
                     "prompts": prompts, "turns": [asdict(turn) for turn in sheet.turns]})
    options.out.write_text(json.dumps(made, ensure_ascii=False))
    print(f"{len(made)} documents, {sum(len(m['turns']) for m in made)} questions")


def judge(options: argparse.Namespace) -> None:
    """A table per setting, and what each loses and gains beside the first."""
    papers, settings = json.loads(options.sheets.read_text()), json.loads(options.answers.read_text())
    lengths = sorted({paper["length"] for paper in papers})
    first: list[Mark] = []
    for name, answers in settings.items():
        marks = [
            Mark(paper["length"], column, f"{number}:{i}", right)
            for number, (paper, given) in enumerate(zip(papers, answers))
            for i, (turn, text) in enumerate(zip(paper["turns"], given))
            for column, right in verdicts(Turn(**turn), text).items()
        ]
        print(f"{name}\n{table(marks, lengths)}")
        if first:
            print(difference(first, marks), end="\n\n")
        first = first or marks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    asking = commands.add_parser("ask")
    for name in ("--tables", "--store", "--out"):
        asking.add_argument(name, type=Path, required=True)
    asking.add_argument("--lengths", type=int, nargs="+", required=True)
    asking.add_argument("--seen", action="store_true", help="about the texts of the training rows")
    asking.set_defaults(run=ask)
    judging = commands.add_parser("judge")
    judging.add_argument("sheets", type=Path)
    judging.add_argument("answers", type=Path)
    judging.set_defaults(run=judge)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
