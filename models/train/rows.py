"""Owns training rows: a document, its question turns, and which positions are scored how much."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from .corpus import Corpus
from .document import Composer
from .doubt import Doubt
from .questions import AGAIN, Asker, Turn
from .settings import (ASSISTANT, CONTEXT, DECIDE, DOC, END, FIND, OTHER, PAD, READ_FIND, READ_SHORT, REFUSE, SHORT, TEXT,
                       USER, RowPlan)
from .tokenizer import Tokenizer

# What one token of an answer weighs in the loss. Finding the place is the hard part, and it shows in
# the first word of a quotation, wherever the document goes on in several ways ("Mr. Rochester had")
# and in the short answer; the rest of a quotation is copying.
WEIGHTS = {"decide": 1.5, "find": 3.0, "doubt": 1.5, "copy": 0.5, "short": 2.5, "refuse": 3.0, "refusal": 0.2, "stop": 0.5}
FIND_TOKENS = 3
DOUBT_TOKENS = 10  # up to here a doubtful place weighs like the first
COPY_SCORED = 0.5  # share of the copied tokens that is scored: nearly all are certain
# The first turns of a row weigh more: people mostly ask them right after the document, rows seldom.
FIRST_TURNS = (3.0, 1.5)
TEXT_SHARE = 2.0  # document tokens scored for each answer token scored, at most


@dataclass
class Row:
    tokens: np.ndarray  # u16 [length + 1]; the last is only a target
    scored: np.ndarray  # i32 [plan.scored]: places whose next token counts
    weights: np.ndarray  # f32 [plan.scored]
    marks: np.ndarray  # u8 [plan.scored], see settings
    places: np.ndarray  # i32 [length]: what each token is told its position is
    end: int  # where the document ends and the turns begin


def doubtful_places(sentence: str, quoted: list[int], tokenizer: Tokenizer, doubt: Doubt) -> list[int]:
    """Which of the quotation's ids start where the document's, cut otherwise at both ends, are in doubt."""
    inside = tokenizer.encode(" " + sentence)
    sizes = lambda ids: np.cumsum([0] + [len(tokenizer.tokens[i]) for i in ids])[:-1]
    open_bytes = (sizes(inside)[doubt.at(inside)] + len("“".encode()) - 1).tolist()
    return np.flatnonzero(np.isin(sizes(quoted), open_bytes)).tolist()


def answer_ids(turn: Turn, tokenizer: Tokenizer, doubt: Doubt | None = None) -> tuple[list[int], list[float], list[int]]:
    """Ids of an answer, their weights and their marks. What is copied counts as found where the document
    leaves doubt."""
    encode, w = tokenizer.encode, WEIGHTS
    if turn.quote is None:
        ids = encode(turn.answer)
        return ids + [END], [w["refuse"]] + [w["refusal"]] * (len(ids) - 1) + [w["stop"]], [REFUSE] + [OTHER] * len(ids)
    quote = encode(f"“{turn.quote}”")
    short = encode(" " + turn.short) if turn.short else []
    found, brief = (READ_FIND, READ_SHORT) if turn.kind == "reading" else (FIND, SHORT)
    copied = max(0, len(quote) - 1 - FIND_TOKENS)
    weights = [w["decide"]] + [w["find"]] * FIND_TOKENS + [w["copy"]] * copied
    marks = [DECIDE] + [found] * FIND_TOKENS + [OTHER] * copied
    cut = len(quote)
    for place in doubtful_places(turn.quote, quote, tokenizer, doubt) if doubt else ():
        weights[place], marks[place] = w["find" if place <= DOUBT_TOKENS else "doubt"], found
    return (quote + short + [END], weights[:cut] + [w["short"]] * len(short) + [w["stop"]],
            marks[:cut] + [brief] * len(short) + [OTHER])


def stretched_places(length: int, end: int, rng: random.Random) -> np.ndarray:
    """Positions with gaps inside the document, up to the whole context: a short row then asks across
    the distances of a long one. The turns stay in one piece."""
    pieces = rng.choice((1, 2, 2, 3, 4, 6))
    gap = rng.randrange(0, CONTEXT - length)
    cuts = sorted(rng.randrange(1, end + 1) for _ in range(pieces))
    parts = np.diff([0, *sorted(rng.randrange(0, gap + 1) for _ in range(pieces - 1)), gap])
    jumps = np.zeros(length, np.int64)
    np.add.at(jumps, cuts, parts)
    return (np.arange(length) + jumps.cumsum()).astype(np.int32)


class RowMaker:
    def __init__(self, corpus: Corpus, seed: int) -> None:
        self.corpus, self.rng = corpus, random.Random(seed)
        self.composer = Composer(corpus, self.rng)

    def _turns(self, asker: Asker, shares: dict[str, float]) -> list[Turn]:
        kind = self.rng.choices(list(shares), list(shares.values()))[0]
        if kind == "fact":
            return asker.fact()
        turn = {"keyword": asker.keyword, "reading": asker.reading, "blank": asker.blank, "stretch": asker.stretch,
                "cloze": asker.cloze, "chapter": asker.chapter, "absent": asker.absent}[kind]()
        if turn is None:
            return []
        if turn.short and self.rng.random() < 0.03:
            return [turn, Turn("again", self.rng.choice(AGAIN), turn.quote)]
        return [turn]

    def conversation(self, length: int, plan: RowPlan) -> tuple[list[int], list[float], list[int], int]:
        """Ids of one document with its turns, at most `length`; each id's weight and mark as a target;
        where the document ends."""
        room = int(plan.questions * self.rng.uniform(plan.fewest, 1.0))
        document = self.composer.compose(length - room - 2, self.rng.randint(*plan.facts), mixes=plan.mixes)
        ids = [DOC] + document.tokens[: length - room - 1]
        weights, marks, end = [0.0] + [plan.text] * (len(ids) - 1), [OTHER] + [TEXT] * (len(ids) - 1), len(ids)
        asker, doubt = Asker(self.corpus, document, self.rng), Doubt(ids)
        failures, seen, text = 0, set(), self.corpus.tokenizer.decode(ids)
        while failures < 30:
            # Asked twice, a question is answered by copying the earlier answer, which teaches nothing.
            # What the document's end cut off is not asked for.
            turns = [turn for turn in self._turns(asker, plan.turns) if (turn.question not in seen or turn.kind == "again")
                     and (turn.quote is None or turn.quote in text)]
            failures = 0 if turns else failures + 1
            for turn in turns:
                seen.add(turn.question)
                asked = [USER] + self.corpus.tokenizer.encode(turn.question) + [ASSISTANT]
                answer, answer_weights, answer_marks = answer_ids(turn, self.corpus.tokenizer, doubt)
                if len(ids) + len(asked) + len(answer) > length:
                    return ids, weights, marks, end
                more = FIRST_TURNS[len(seen) - 1] if len(seen) <= len(FIRST_TURNS) else 1.0
                ids += asked + answer
                weights += [0.0] * len(asked) + [w * more for w in answer_weights]
                marks += [OTHER] * len(asked) + answer_marks
        return ids, weights, marks, end

    def row(self, plan: RowPlan) -> Row:
        ids, weights, marks, end = self.conversation(plan.length + 1, plan)
        pad = [0] * (plan.length + 1 - len(ids))
        weight, mark = np.array(weights + pad, np.float32)[1:], np.array(marks + pad, np.uint8)[1:]
        scored, chosen = self._scored(weight, mark, plan.scored)
        far = self.rng.random() < plan.stretched
        places = stretched_places(plan.length, end, self.rng) if far else np.arange(plan.length, dtype=np.int32)
        return Row(np.array(ids + [PAD] * len(pad), np.uint16), scored, chosen, mark[scored], places, end)

    def _scored(self, weights: np.ndarray, marks: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Answer places, half of the copied ones, then document places at random; exactly `count`, none
        twice, the rest without weight (a place named often would make the gradient's scatter wait)."""
        chance = np.random.default_rng(self.rng.getrandbits(64))
        answer = (weights > 0) & (marks != TEXT)
        copied = answer & (marks == OTHER) & (weights == np.float32(WEIGHTS["copy"]))
        answers = np.flatnonzero(answer & ~(copied & (chance.random(len(weights)) > COPY_SCORED)))[:count]
        text = np.flatnonzero((weights > 0) & (marks == TEXT))
        text = chance.choice(text, min(len(text), count - len(answers), int(TEXT_SHARE * len(answers))), replace=False)
        named = np.concatenate([answers, text])
        free = np.ones(len(weights), bool)
        free[named] = False
        silent = np.flatnonzero(free)[: count - len(named)]
        scored = np.concatenate([named, silent])
        chosen = weights[scored]
        chosen[len(named) :] = 0.0
        return scored.astype(np.int32), chosen.astype(np.float32)
