"""Owns measuring a model file on the evaluation set.

Usage: python3 -m train.evaluate --model M.gguf --tables M.gguf --store S --out FOLDER [--seconds 60]
  [--lengths 4096 ...] [--sparse LAYERS@TAU ...] [--sparse-lengths 16384 ...]

Each document is read once; its questions branch from that cache, many at a time. Dense answers are
greedy; sparse settings are compared with dense reading in pairs, by one pass over each right answer.
What was measured is written after every setting; a clock ends each between two documents.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from .bridge import into_model
from .corpus import Corpus
from .decode import Reading, Sparsity, answer, forced, read
from .evalset import BOOK_SETS, Sheet, sheets
from .figures import Mark, as_json, difference, table
from .model import Longleaf
from .questions import Turn
from .rows import answer_ids
from .settings import ASSISTANT, MINI, NOT_FOUND, USER
from .tokenizer import Tokenizer
from .verdict import verdicts
from .weights import read_model

GROUP = 40  # questions answered together
FORCED_ROOM = 2.7e8  # places of questions x document tokens at once: bounds the attention scores in memory


def _forced_groups(prompts: list[list[int]], wanted: list[list[int]], length: int) -> list[slice]:
    longest = max(len(p) + len(w) for p, w in zip(prompts, wanted))
    size = max(1, min(GROUP, int(FORCED_ROOM / (longest * length))))
    return [slice(at, at + size) for at in range(0, len(prompts), size)]


def ask(model: Longleaf, tokenizer: Tokenizer, reading: Reading, turns: list[Turn], force: bool) -> list[str]:
    """Greedy answers; with `force`, the likeliest token at each place of the right answer instead."""
    prompts = [[USER] + tokenizer.encode(turn.question) + [ASSISTANT] for turn in turns]
    answers: list[list[int]] = []
    if not force:
        for at in range(0, len(prompts), GROUP):
            answers += answer(model, reading, prompts[at : at + GROUP])
        return [tokenizer.decode(ids) for ids in answers]
    wanted = [answer_ids(turn, tokenizer)[0][:-1] for turn in turns]
    refusal = tokenizer.encode(NOT_FOUND)
    for group in _forced_groups(prompts, wanted, reading.length):
        answers += [refusal if ids[0] == refusal[0] else ids for ids in forced(model, reading, prompts[group], wanted[group])]
    return [tokenizer.decode(ids) for ids in answers]


class Measurement:
    """Marks and answers of one setting over as many sheets as the clock allowed."""

    def __init__(self, model: Longleaf, tokenizer: Tokenizer, sparsity: Sparsity | None, force: bool) -> None:
        self.model, self.tokenizer, self.sparsity, self.force = model, tokenizer, sparsity, force
        self.marks: list[Mark] = []
        self.record: list[dict] = []
        self.kept: dict[int, list[list[float]]] = {}
        self.drift: list[float] = []

    def add(self, sheet: Sheet, number: int) -> None:
        reading = read(self.model, sheet.tokens, self.sparsity)
        self.drift = reading.drift
        self.kept.setdefault(sheet.length, []).append(reading.kept)
        for turn, given in zip(sheet.turns, ask(self.model, self.tokenizer, reading, sheet.turns, self.force)):
            for column, right in verdicts(turn, given).items():
                self.marks.append(Mark(sheet.length, column, f"{number}:{turn.question}", right))
            self.record.append({"length": sheet.length, "kind": turn.kind, "question": turn.question, "wanted": turn.answer, "given": given})

    def kept_shares(self) -> dict[str, list[float]]:
        """Per length, share of tokens that attended, per layer."""
        mean = lambda rows: [round(sum(layer) / len(layer), 3) for layer in zip(*rows)]
        return {str(length): mean(rows) for length, rows in sorted(self.kept.items())}


def load_model(path: Path) -> Longleaf:
    shape, weights = read_model(path, MINI)
    model = Longleaf(shape)
    into_model(model, weights)
    if not torch.cuda.is_available():
        model.working = torch.float32
        return model.eval()
    return model.cuda().eval()


def setting(text: str) -> Sparsity:
    """`2,3,6,7@0.02`: layers and tau."""
    layers, drop = text.split("@")
    return Sparsity(frozenset(int(layer) for layer in layers.split(",")), float(drop))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--model", "--tables", "--store", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--lengths", type=int, nargs="+", default=list(BOOK_SETS))
    parser.add_argument("--sparse", nargs="*", default=[], help="settings LAYERS@TAU to compare with dense reading")
    parser.add_argument("--sparse-lengths", type=int, nargs="*", help="left out: the same as --lengths")
    parser.add_argument("--forced", action="store_true", help="no greedy answers: on machines where they take too long")
    parser.add_argument("--seen", action="store_true", help="ask about the texts of the training rows instead")
    parser.add_argument("--every", type=int, default=1, help="only every n-th document")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--dense-seconds", type=float, default=1e9, help="go on to the sparse settings after so long")
    return parser.parse_args()


def main() -> None:
    options, began = arguments(), time.time()
    torch.backends.cuda.matmul.allow_tf32 = True
    tokenizer = Tokenizer.from_gguf(options.tables)
    papers = list(enumerate(sheets(Corpus(options.store, tokenizer), options.lengths, not options.seen)))[:: options.every]
    model = load_model(options.model)
    few = [(i, p) for i, p in papers if p.length in (options.sparse_lengths or options.lengths)]
    runs = [("dense", None, papers, options.forced)]
    if options.sparse:
        runs += [("dense, one pass", None, few, True)] if not options.forced else []
        runs += [(text, setting(text), few, True) for text in options.sparse]
    options.out.mkdir(parents=True, exist_ok=True)
    result: dict = {"model": options.model.name, "documents": len(papers)}
    base: list[Mark] = []
    for name, sparsity, some, force in runs:
        measured, count = Measurement(model, tokenizer, sparsity, force), 0
        for number, sheet in some:
            if time.time() - began > (options.seconds if force else min(options.seconds, options.dense_seconds)):
                break
            measured.add(sheet, number)
            count += 1
        entry = {"documents read": count, "seconds": round(time.time() - began, 1), "kept": measured.kept_shares(), "figures": as_json(measured.marks)}
        if sparsity is None:
            base = measured.marks
            entry["drift"] = [round(d, 4) for d in measured.drift]
        else:
            entry["change"] = difference(base, measured.marks)
            print(f"{name}: kept {entry['kept']} change {entry['change']}", flush=True)
        result[name] = entry
        (options.out / "eval.json").write_text(json.dumps(result, indent=1))
        if name == "dense":
            (options.out / "eval.md").write_text(table(measured.marks, options.lengths))
            (options.out / "marks.json").write_text(json.dumps([list(vars(m).values()) for m in measured.marks]))
            (options.out / "answers.json").write_text(json.dumps(measured.record, ensure_ascii=False, indent=0))
            print((options.out / "eval.md").read_text(), flush=True)
    print(f"{options.model.name}: measured in {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
