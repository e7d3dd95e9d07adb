"""Owns the evaluation questions: fixed by seed, on held-out books and articles; or on those of the training
rows, articles and their questions changed as there, which tells what was learned by heart."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .corpus import Corpus
from .corpus_build import BOOK
from .document import Composer, Document
from .questions import Asker, Turn
from .settings import DOC, SEED

# Per length: documents, then of each document: facts planted, keyword, absent questions asked.
BOOK_SETS = {4_096: (12, 9, 9, 9), 16_384: (6, 18, 18, 18), 65_536: (4, 27, 27, 27), 131_072: (4, 27, 27, 27)}
# Per length: documents, then of each document: SQuAD questions about it, and about other articles.
ARTICLE_SETS = {4_096: (8, 25, 14), 16_384: (5, 40, 22), 65_536: (3, 50, 36), 131_072: (2, 75, 52)}
PROBE = Turn("probe", "What is the access code of the gilded ferry?", "The access code of the gilded ferry is 48213.", "48213")


@dataclass
class Sheet:
    """One document and the questions asked about it, each right after the document."""

    length: int
    source: str  # novel or articles
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


def _is_hard(turn: Turn) -> bool:
    """Lists, tables and two-hop facts are counted apart from plain planted sentences."""
    return (turn.quote[:2].rstrip(".").isdigit() and turn.quote[1:3].strip() == "." or " | " in turn.quote
            or " that " in turn.question or "omething" in turn.question or ", and what" in turn.question)


def _facts(asker: Asker, count: int) -> list[Turn]:
    turns = [turn for turn in _collect(asker.fact, count * 2, ("fact",)) if not turn.question.startswith("And ")]
    hard = [turn for turn in turns if _is_hard(turn)][: count // 3]
    for turn in hard:
        turn.kind = "hard fact"
    return [turn for turn in turns if not _is_hard(turn)][:count] + hard


def _is_inside(turn: Turn, text: str) -> bool:
    """The quotation stands in the document as it was cut."""
    return turn.quote is None or turn.quote in text


def book_sheet(corpus: Corpus, length: int, seed: int, held_out: bool = True) -> Sheet:
    _, facts, keywords, absents = BOOK_SETS[length]
    rng = random.Random(seed)
    composer = Composer(corpus, rng, held_out)
    room = length - 60
    document = composer.compose(room, facts * 2, [composer.stretch(BOOK, room - facts * 44)])
    asker = Asker(corpus, document, rng)
    tokens = ([DOC] + _with_probe(corpus, document, rng))[:length]
    text = corpus.tokenizer.decode(tokens)
    turns = _facts(asker, facts) + _collect(asker.keyword, keywords) + _collect(asker.absent, absents)
    return Sheet(length, "novel", tokens, [turn for turn in [*turns, PROBE] if _is_inside(turn, text)])


def article_sheet(corpus: Corpus, length: int, seed: int, held_out: bool = True) -> Sheet:
    _, present, absent = ARTICLE_SETS[length]
    rng = random.Random(seed)
    composer = Composer(corpus, rng, held_out)
    document = composer.compose(length - 40, 0, composer.articles(length - 100))
    asker = Asker(corpus, document, rng)
    tokens = ([DOC] + document.tokens)[:length]
    text = corpus.tokenizer.decode(tokens)
    turns = _collect(asker.reading, present) + _collect(asker.absent_reading, absent)
    for turn in turns:
        turn.kind = "absent reading" if turn.quote is None else turn.kind
    return Sheet(length, "articles", tokens, [turn for turn in turns if _is_inside(turn, text)])


def sheets(corpus: Corpus, lengths: list[int], held_out: bool = True) -> list[Sheet]:
    """One document of each length and kind in turn, so that whoever runs out of time has some of all."""
    most = max(count for count, *_ in [*BOOK_SETS.values(), *ARTICLE_SETS.values()])
    made = []
    for i in range(most):
        for length in lengths:
            if i < BOOK_SETS[length][0]:
                made.append(book_sheet(corpus, length, SEED + length + i, held_out))
            if i < ARTICLE_SETS[length][0]:
                made.append(article_sheet(corpus, length, SEED + length + 500 + i, held_out))
    return made
