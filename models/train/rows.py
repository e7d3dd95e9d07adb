"""Owns training rows: a document, its question turns, and which positions are scored how much."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from .corpus import Corpus
from .document import Composer
from .questions import AGAIN, Asker, Turn
from .settings import ASSISTANT, DOC, END, PAD, USER, RowPlan
from .tokenizer import Tokenizer

# Share of each kind of turn; a kind that the document cannot serve gives way to the others.
TURN_WEIGHTS = {"fact": 25, "keyword": 25, "reading": 38, "blank": 5, "stretch": 6, "real": 4, "chapter": 2, "absent": 13}

# What one token of an answer weighs in the loss. Finding the place is the hard part, and it shows
# in the first words of a quotation and in the short answer; the rest of a quotation is copying.
FIND, COPY, SHORT, REFUSE, STOP = 3.0, 0.5, 2.0, 1.5, 0.5
FIND_TOKENS = 3
# The first turns of a row weigh more: people mostly ask them right after the document, rows seldom.
FIRST_TURNS = (5.0, 2.0)
TEXT = 0.08  # a token of the document itself, to keep the language alive
TEXT_SHARE = 2.0  # document tokens scored for each answer token scored, at most


@dataclass
class Row:
    tokens: np.ndarray  # u16 [length + 1]; the last is only a target
    positions: np.ndarray  # i32 [scored]: positions whose next token counts
    weights: np.ndarray  # f32 [scored]


def answer_ids(turn: Turn, tokenizer: Tokenizer) -> tuple[list[int], list[float]]:
    encode = tokenizer.encode
    if turn.quote is None:
        ids = encode(turn.answer)
        return ids + [END], [REFUSE] * len(ids) + [STOP]
    quote = encode(f"“{turn.quote}”")
    short = encode(" " + turn.short) if turn.short else []
    weights = [1.0] + [FIND] * FIND_TOKENS + [COPY] * max(0, len(quote) - 1 - FIND_TOKENS)
    return quote + short + [END], weights[: len(quote)] + [SHORT] * len(short) + [STOP]


class RowMaker:
    def __init__(self, corpus: Corpus, seed: int) -> None:
        self.corpus, self.rng = corpus, random.Random(seed)
        self.composer = Composer(corpus, self.rng)

    def _turns(self, asker: Asker) -> list[Turn]:
        kind = self.rng.choices(list(TURN_WEIGHTS), list(TURN_WEIGHTS.values()))[0]
        if kind == "fact":
            return asker.fact()
        turn = {"keyword": asker.keyword, "reading": asker.reading, "blank": asker.blank, "stretch": asker.stretch,
                "real": asker.real_fact, "chapter": asker.chapter, "absent": asker.absent}[kind]()
        if turn is None:
            return []
        if turn.short and self.rng.random() < 0.03:
            return [turn, Turn("again", self.rng.choice(AGAIN), turn.quote)]
        return [turn]

    def conversation(self, length: int, questions: int, facts: tuple[int, int]) -> tuple[list[int], list[float]]:
        """Ids of one document with its turns, at most `length`, and each id's weight as a target."""
        room = int(questions * self.rng.uniform(0.6, 1.0))
        document = self.composer.compose(length - room - 2, self.rng.randint(*facts))
        ids = [DOC] + document.tokens[: length - room - 1]
        weights = [0.0] + [TEXT] * (len(ids) - 1)
        asker = Asker(self.corpus, document, self.rng)
        failures, seen = 0, set()
        while failures < 12:
            # Asked twice, a question is answered by copying the earlier answer, which teaches nothing.
            turns = [turn for turn in self._turns(asker) if turn.question not in seen or turn.kind == "again"]
            failures = 0 if turns else failures + 1
            for turn in turns:
                seen.add(turn.question)
                asked = [USER] + self.corpus.tokenizer.encode(turn.question) + [ASSISTANT]
                answer, answer_weights = answer_ids(turn, self.corpus.tokenizer)
                if len(ids) + len(asked) + len(answer) > length:
                    return ids, weights
                more = FIRST_TURNS[len(seen) - 1] if len(seen) <= len(FIRST_TURNS) else 1.0
                ids += asked + answer
                weights += [0.0] * len(asked) + [w * more for w in answer_weights]
        return ids, weights

    def row(self, plan: RowPlan) -> Row:
        ids, weights = self.conversation(plan.length + 1, plan.questions, plan.facts)
        pad = plan.length + 1 - len(ids)
        tokens = np.array(ids + [PAD] * pad, np.uint16)
        return Row(tokens, *self._scored(np.array(weights + [0.0] * pad, np.float32)[1:], plan.scored))

    def _scored(self, weights: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """All answer positions, then document positions at random; exactly `count`, none twice, the
        rest without weight (a place named often would make the gradient's scatter wait on itself)."""
        answers = np.flatnonzero((weights > 0) & (weights != np.float32(TEXT)))[:count]
        text = np.flatnonzero(weights == np.float32(TEXT))
        text = text[np.array(self.rng.sample(range(len(text)), min(len(text), count - len(answers))), np.int64)]
        silent = np.flatnonzero(weights == 0)[: count - len(answers) - len(text)]
        positions = np.concatenate([answers, text, silent])
        chosen = weights[positions]
        chosen[len(answers) + int(TEXT_SHARE * len(answers)) :] = 0.0
        return positions.astype(np.int32), chosen.astype(np.float32)
