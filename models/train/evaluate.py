"""Owns measuring a model file on the evaluation set.

Usage: python3 -m train.evaluate --model M.gguf --store S --out FIGURES.json [--lengths 4096 ...]
"""

from __future__ import annotations

import argparse
import json
import math
import re
import time
from collections import defaultdict
from pathlib import Path

import torch

from .bridge import into_model
from .corpus import Corpus
from .decode import Reading, Sparsity, answer, forced, read
from .evalset import BOOK_SETS, Sheet, sheets
from .model import Longleaf
from .questions import Turn
from .rows import answer_ids
from .settings import ASSISTANT, MINI, NOT_FOUND, USER
from .tokenizer import Tokenizer
from .weights import read_weights

GROUP = 40  # questions answered together
QUOTED = re.compile(r"“(.*)”", re.S)


def wilson(right: int, count: int) -> tuple[float, float]:
    """95 % interval of a share."""
    if count == 0:
        return 0.0, 1.0
    z, p = 1.96, right / count
    middle, half = p + z * z / (2 * count), z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return max(0.0, (middle - half) / (1 + z * z / count)), min(1.0, (middle + half) / (1 + z * z / count))


def plain(text: str) -> str:
    """SQuAD's way to compare: lower case, no articles, no punctuation."""
    text = re.sub(r"[^\w\s]", "", text.lower())
    return " ".join(word for word in text.split() if word not in ("a", "an", "the"))


def quotation(text: str) -> str:
    found = QUOTED.search(text)
    return " ".join(found.group(1).split()) if found else ""


def short_answer(text: str) -> str:
    return text.rsplit("”", 1)[-1].strip() if "”" in text else text.strip()


def marks(turn: Turn, given: str) -> dict[str, bool]:
    """What was right about one answer."""
    refused = given.strip() == NOT_FOUND
    if turn.quote is None:
        return {"refused": refused}
    result = {"false refusal": refused, "quote": quotation(given) == " ".join(turn.quote.split())}
    if turn.short:
        result["short"] = plain(short_answer(given)) == plain(turn.short)
        result["contains"] = turn.short in given
    return result


def ask(model: Longleaf, tokenizer: Tokenizer, reading: Reading, turns: list[Turn], force: bool = False) -> list[str]:
    """Greedy answers; with `force`, the likeliest token at each place of the right answer instead."""
    prompts = [[USER] + tokenizer.encode(turn.question) + [ASSISTANT] for turn in turns]
    answers = []
    for at in range(0, len(prompts), GROUP):
        group = prompts[at : at + GROUP]
        if not force:
            answers += answer(model, reading, group)
            continue
        wanted = [answer_ids(turn, tokenizer)[0][:-1] for turn in turns[at : at + GROUP]]
        refusal = tokenizer.encode(NOT_FOUND)
        answers += [refusal if ids[0] == refusal[0] else ids for ids in forced(model, reading, group, wanted)]
    return [tokenizer.decode(ids) for ids in answers]


def run(model: Longleaf, tokenizer: Tokenizer, papers: list[Sheet], sparsity: Sparsity | None, force: bool = False) -> tuple[dict, list[dict]]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    record, kept = [], []
    for sheet in papers:
        reading = read(model, sheet.tokens, sparsity)
        kept.append(sum(reading.kept) / len(reading.kept))
        for turn, given in zip(sheet.turns, ask(model, tokenizer, reading, sheet.turns, force)):
            for mark, right in marks(turn, given).items():
                tally = counts[f"{sheet.length} {turn.kind} {mark}"]
                tally[0] += right
                tally[1] += 1
            record.append({"length": sheet.length, "kind": turn.kind, "question": turn.question, "wanted": turn.answer, "given": given})
    figures = {key: {"right": r, "of": n, "share": round(r / n, 4), "interval": [round(b, 3) for b in wilson(r, n)]}
               for key, (r, n) in sorted(counts.items())}
    figures["tokens kept"] = round(sum(kept) / len(kept), 4)
    return figures, record


def low_drift_layers(model: Longleaf, sheet: Sheet) -> tuple[frozenset[int], list[float]]:
    """The half of the layers that change the residual stream least."""
    drift = read(model, sheet.tokens).drift
    order = sorted(range(len(drift)), key=drift.__getitem__)
    return frozenset(order[: len(order) // 2]), drift


def load_model(path: Path) -> Longleaf:
    model = Longleaf(MINI)
    into_model(model, read_weights(path, MINI))
    if not torch.cuda.is_available():
        model.working = torch.float32
        return model.eval()
    return model.cuda().eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--lengths", type=int, nargs="+", default=list(BOOK_SETS))
    parser.add_argument("--forced", action="store_true", help="one pass over each right answer instead of greedy answers")
    parser.add_argument("--every", type=int, default=1, help="measure on every n-th document only")
    parser.add_argument("--sparse", type=float, nargs="*", default=[], help="values of tau to measure too")
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = True
    tokenizer = Tokenizer.from_gguf(options.tables)
    papers = sheets(Corpus(options.store, tokenizer), options.lengths)[:: options.every]
    model = load_model(options.model)
    began = time.time()
    dense, record = run(model, tokenizer, papers, None, options.forced)
    layers, drift = low_drift_layers(model, next(s for s in papers if s.length == options.lengths[min(1, len(options.lengths) - 1)]))
    result = {"dense": dense, "drift": [round(d, 4) for d in drift], "sparse layers": sorted(layers), "sparse": {}}
    for key, figure in dense.items():
        if isinstance(figure, dict):
            print(f"{key:34} {figure['right']:4}/{figure['of']:<4} {100 * figure['share']:5.1f} % {figure['interval']}", flush=True)
    options.out.write_text(json.dumps(result, indent=1))
    options.out.with_suffix(".answers.json").write_text(json.dumps(record, ensure_ascii=False, indent=0))
    for tau in options.sparse:
        result["sparse"][str(tau)], _ = run(model, tokenizer, papers, Sparsity(layers, tau), options.forced)
        options.out.write_text(json.dumps(result, indent=1))
    print(f"{options.model}: {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
