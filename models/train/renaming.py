"""Owns other names and numbers for a paragraph and its questions, so that answers are read and not remembered.

A few tens of thousands of paragraphs come round several times in training: left as they are, the model
learns their answers by heart, and reads worse what it has never seen.
"""

from __future__ import annotations

import random
import re

from .wording import FIRST_NAMES, MONTHS, PLACES, SURNAMES, WEEKDAYS, invented_word

PART = re.compile(r"\d+|(?<![\w’'])[A-Z][a-zà-ÿ]{2,}\b")
INSIDE = re.compile(r"(?<=[a-z,;) ] )[A-Z][a-zà-ÿ]{2,}\b|(?<=[a-z,] the )[A-Z][a-zà-ÿ]{2,}\b")
# Capitalised words that say what kind of thing a name names, or are no names.
KINDS = frozenset(
    (" ".join(MONTHS + WEEKDAYS) + " University College School Church River Lake Street Road City County State States United Island Mountain "
     "King Queen Prince Princess President Emperor Pope Saint General Captain Lord Lady Sir House Bridge Park Court Museum Library Theatre Council "
     "Party Army Navy War Battle Treaty Act Union Republic Kingdom Empire Company Hospital Airport Station Club League Cup "
     "North South East West Northern Southern Eastern Western Great New Old First Second Third World National International Royal "
     "What When Where Which Who Whom Whose Why How The This That These Those And But For His Her Its Their Our Your Not In On At By").split())
RENAMED, CHANGED = 0.75, 0.8  # share of paragraphs, and of their names and numbers
INVENTED = 1_500


class Renaming:
    """One article's other names: each name and number has one, or keeps its own, wherever it stands."""

    def __init__(self, pool: list[str], rng: random.Random) -> None:
        self.pool, self.rng = pool, rng
        self.other: dict[str, str] = {}

    def learn(self, paragraph: str) -> None:
        """Takes in the names of a paragraph: capitalised where no sentence begins."""
        for name in INSIDE.findall(paragraph):
            if name not in self.other and name not in KINDS:
                self.other[name] = self.rng.choice(self.pool) if self.rng.random() < CHANGED else name
        for number in re.findall(r"\d+", paragraph):
            if number not in self.other:
                self.other[number] = self._number(number) if self.rng.random() < CHANGED else number

    def _number(self, number: str) -> str:
        if len(number) == 4 and number[:2] in ("16", "17", "18", "19", "20"):
            return str(max(1_500, min(2_024, int(number) + self.rng.randint(-60, 60))))
        return "".join(self.rng.choice("123456789" if i == 0 and len(number) > 1 else "0123456789") for i in range(len(number)))

    def apply(self, text: str) -> str:
        return PART.sub(lambda match: self.other.get(match.group(), match.group()), text)


def name_pool(rng: random.Random) -> list[str]:
    """Names to give: known ones and invented ones, as many as a process can keep encoded."""
    known = FIRST_NAMES + SURNAMES + PLACES
    return known * 4 + [invented_word(rng).capitalize() for _ in range(INVENTED)]
