"""Owns small changes of wording that keep a question's meaning: other words, other endings, fewer words."""

from __future__ import annotations

import random

GROUPS = (
    "start begin commence", "end finish conclude", "build construct erect", "built constructed erected", "began started commenced",
    "ended finished concluded", "create make form", "created made formed", "founded established created", "found discovered",
    "located situated", "large big", "largest biggest", "small little", "many numerous", "buy purchase", "bought purchased",
    "wrote authored penned", "killed slain", "called named termed", "known famous", "help assist aid", "helped assisted aided",
    "show display exhibit", "shown displayed exhibited", "use employ utilize", "used employed utilized", "happen occur",
    "happened occurred", "whole entire", "quick fast rapid", "quickly rapidly swiftly", "house dwelling home", "street road",
    "film movie picture", "song tune", "car automobile", "doctor physician", "lawyer attorney", "ship vessel", "soldiers troops",
    "king monarch ruler", "war conflict", "battle fight", "city town", "country nation state", "people persons individuals",
    "child youngster", "woman lady", "man fellow", "boy lad", "girl lass", "money funds", "job work occupation", "goal aim purpose",
    "reason cause", "result outcome", "part portion section", "kind type sort", "amount quantity", "area region district",
    "difficult hard", "easy simple", "important significant major", "main chief primary principal", "rich wealthy", "poor needy",
    "happy glad", "sad unhappy", "angry furious", "afraid frightened scared", "strange odd peculiar", "answer reply", "answered replied",
    "ask inquire", "asked inquired", "said stated remarked", "told informed", "speak talk", "spoke talked", "see notice", "saw noticed",
    "gave granted", "give grant", "get obtain receive", "received got obtained", "allow permit", "allowed permitted", "stop cease halt",
    "stopped ceased halted", "need require", "needed required", "want wish desire", "wanted wished desired", "try attempt",
    "tried attempted", "keep retain", "kept retained", "leave depart", "left departed", "live reside dwell", "lived resided dwelt",
    "choose select pick", "chose selected picked", "chosen selected picked", "won gained", "lost forfeited", "increase rise grow",
    "increased rose grew", "reduce decrease lower", "reduced decreased lowered", "attack assault", "attacked assaulted",
    "destroyed ruined wrecked", "change alter", "changed altered modified", "join unite", "joined united", "believed thought",
    "considered regarded deemed", "appointed named chosen", "originally initially", "usually commonly generally", "often frequently",
    "mostly mainly largely", "about around approximately", "while whilst", "first earliest", "last final", "old ancient", "new recent modern", "popular well-liked", "released issued published",
    "mother mum", "father dad", "teacher instructor tutor", "pupil student", "company firm business",
    "law statute act", "error mistake fault", "feature property", "method approach technique", "function routine", "value amount",
)
SAME: dict[str, list[str]] = {}
for _group in GROUPS:
    for _word in _group.split():
        SAME.setdefault(_word, []).extend(w for w in _group.split() if w != _word)

KEPT = frozenset(
    "who whom whose what when where why how which year many much was were is are has had did does do the".split()
)
DROPPED = frozenset("the a an of very quite also just only then so that its his her their this these those".split())


def other_ending(word: str, rng: random.Random) -> str:
    """The word with another ending of its kind: plural, past, -ing; crude on purpose."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("ing") and len(word) > 6:
        return word[:-3] + rng.choice(("", "e", "ed", "s"))
    if word.endswith("ed") and len(word) > 5:
        return rng.choice((word[:-2], word[:-1], word[:-2] + "ing"))
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word + ("es" if word.endswith(("s", "x", "sh", "ch")) else "s")


def reworded(question: str, rng: random.Random, same: float, ending: float, fewer: float) -> str:
    """Each plain word may get a synonym, another ending, or (small words) go, with these chances."""
    words = question.split(" ")
    made = []
    for place, word in enumerate(words):
        bare = word.rstrip("?,.;:")
        rest = word[len(bare) :]
        if not bare.isalpha() or not bare.islower() or place < 2:
            made.append(word)
        elif bare in SAME and rng.random() < same:
            made.append(rng.choice(SAME[bare]) + rest)
        elif bare in DROPPED and not rest and rng.random() < fewer:
            continue
        elif len(bare) > 4 and bare not in KEPT and rng.random() < ending:
            made.append(other_ending(bare, rng) + rest)
        else:
            made.append(word)
    return " ".join(made)
