"""Owns judging one answer in words."""

from __future__ import annotations

import re

from .questions import Turn
from .settings import NOT_FOUND

QUOTED = re.compile(r"“(.*)”", re.S)


def plain(text: str) -> str:
    """SQuAD's way to compare: lower case, no articles, no punctuation."""
    text = re.sub(r"[^\w\s]", "", text.lower())
    return " ".join(word for word in text.split() if word not in ("a", "an", "the"))


def quotation(text: str) -> str:
    found = QUOTED.search(text)
    return " ".join(found.group(1).split()) if found else ""


def short_answer(text: str) -> str:
    return text.rsplit("”", 1)[-1].strip() if "”" in text else text.strip()


def verdicts(turn: Turn, given: str) -> dict[str, bool]:
    """What was right about one answer, under the columns of `figures`."""
    refused = given.strip() == NOT_FOUND
    if turn.quote is None:
        return {f"{turn.kind} refused": refused}
    quote = quotation(given) == " ".join(turn.quote.split())
    result = {"false refusal": refused, f"{turn.kind} quote": quote}
    if turn.short:
        short = plain(short_answer(given)) == plain(turn.short)
        result |= {f"{turn.kind} short": short, f"{turn.kind} exact": quote and short}
    return result
