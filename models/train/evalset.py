"""Owns the evaluation questions: fixed by seed, on held-out books and articles only."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .corpus import Corpus
from .corpus_build import BOOK
from .document import Composer, Document
from .questions import Asker, Turn
from .settings import DOC, SEED

# Documents per length, and of each document: facts planted, keyword, absent, other questions asked.
BOOK_SETS = {4_096: (10, 7, 8, 4), 16_384: (5, 14, 16, 8), 65_536: (3, 24, 26, 12), 131_072: (3, 24, 26, 12)}
ARTICLE_SETS = {4_096: 10, 16_384: 8}
PROBE = Turn("probe", "What is the access code of the gilded ferry?", "The access code of the gilded ferry is 48213.", "48213")


@dataclass
class Sheet:
    """One document and the questions asked about it, each right after the document."""

    length: int
    tokens: list[int]
    turns: list[Turn]


def _with_probe(corpus: Corpus, document: Document, rng: random.Random) -> list[int]:
    """The well-known sentence, put after a full stop somewhere in the document."""
    stop = corpus.tokenizer.ids["."]
    stops = [i + 1 for i, token in enumerate(document.tokens[:-1]) if token == stop]
    at = rng.choice(stops)
    return document.tokens[:at] + corpus.tokenizer.encode(" " + PROBE.quote) + document.tokens[at:]


def _collect(make, count: int, kinds: tuple[str, ...] = ()) -> list[Turn]:
    turns: dict[str, Turn] = {}
    for _ in range(count * 30):
        made = make()
        for turn in made if isinstance(made, list) else [made]:
            if turn and len(turns) < count and (not kinds or turn.kind in kinds):
                turns[turn.question] = turn
    return list(turns.values())


def _hard(turn: Turn) -> Turn:
    """Lists, tables and two-hop facts are counted apart from plain planted sentences."""
    listed = turn.kind == "fact" and (turn.quote[:1].isdigit() or " | " in turn.quote or " that " in turn.question or "omething" in turn.question or ", and what" in turn.question)
    turn.kind = "hard fact" if listed else turn.kind
    return turn


def book_sheet(corpus: Corpus, length: int, seed: int) -> Sheet:
    _, facts, keywords, absents = BOOK_SETS[length]
    rng = random.Random(seed)
    composer = Composer(corpus, rng, held_out=True)
    room = length - 60
    document = composer.compose(room, facts * 2, [composer.stretch(BOOK, room - facts * 40)])
    asker = Asker(corpus, document, rng)
    plain = [_hard(turn) for turn in _collect(asker.fact, facts * 2, ("fact",)) if not turn.question.startswith("And ")][: facts + facts // 2]
    turns = plain + _collect(asker.keyword, keywords) + _collect(asker.absent, absents)
    turns += _collect(asker.blank, keywords // 4) + [PROBE]
    return Sheet(length, [DOC] + _with_probe(corpus, document, rng)[: length - 1], turns)


def article_sheet(corpus: Corpus, length: int, seed: int) -> Sheet:
    rng = random.Random(seed)
    composer = Composer(corpus, rng, held_out=True)
    document = composer.compose(length - 40, 0, composer.articles(length - 100))
    asker = Asker(corpus, document, rng)
    turns = _collect(asker.reading, 40) + _collect(asker._absent_reading, 10)
    for turn in turns:
        turn.kind = "absent reading" if turn.quote is None else turn.kind
    return Sheet(length, [DOC] + document.tokens[: length - 1], turns)


def sheets(corpus: Corpus, lengths: list[int]) -> list[Sheet]:
    made = []
    for length in lengths:
        made += [book_sheet(corpus, length, SEED + length + i) for i in range(BOOK_SETS[length][0])]
        made += [article_sheet(corpus, length, SEED + length + 500 + i) for i in range(ARTICLE_SETS.get(length, 0))]
    return made
