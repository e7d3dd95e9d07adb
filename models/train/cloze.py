"""Owns natural questions made from real sentences by rule: a span is taken out and asked for.

The grammar is rough on purpose where a rule ends: what counts is that the question names its answer's
kind (who, when, how many) and the neighbourhood of the span, and does not repeat the sentence.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from .rewording import reworded
from .wording import MONTHS

MONTH = "(?:" + "|".join(MONTHS) + ")"
NUMBER = r"(?:\d[\d,.]*\d|\d|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred)"
NAME = r"[A-Z][\w-]*[a-z](?: (?:(?:of|de|von|van|du|la) )?[A-Z][\w-]*[a-z])*(?!\w|’(?!s)|\.)"
AFTER_NP = r"(?=[,.;:?!]| (?:of|in|on|at|with|and|to|for|from|by|that|which|who|was|were|is|are|had|has)\b)"
SPANS: tuple[tuple[str, re.Pattern[str], float], ...] = (
    ("year", re.compile(r"\b[Ii]n (?P<a>1[0-9]{3}|20[0-9]{2})\b(?![-–])"), 3.0),
    ("date", re.compile(rf"\b[Oo]n (?P<a>\d{{1,2}} {MONTH}(?:,? \d{{4}})?|{MONTH} \d{{1,2}}(?:, \d{{4}})?)\b"), 3.0),
    ("count", re.compile(rf"\b(?P<a>{NUMBER}) (?P<n>[a-z]{{3,}}s)\b"), 2.5),
    ("money", re.compile(r"(?P<a>[$£€]\d[\d,.]*\d?(?: (?:million|billion|thousand))?)"), 3.0),
    ("place", re.compile(rf"\b(?:in|at|from|to|near|into|towards|through) (?P<a>{NAME})"), 2.0),
    ("name", re.compile(rf"(?P<a>{NAME})"), 1.5),
    ("why", re.compile(r"\b(?P<a>because [a-z].{8,70}?)(?=[,.;:])"), 2.5),
    ("thing", re.compile(rf"\b(?P<a>(?:an?|the|his|her|their|its) (?:[a-z-]+ ){{0,2}}[a-z]{{4,}}){AFTER_NP}"), 0.6),
)
NOT_NAMES = frozenset(
    "He She It They We You The This That These Those There But And In On At If When As For A An His Her Its Their Our What Who "
    "How Why Then Yet So Not No All Some Many Most Each Both I Mr Mrs Dr Chapter Oh Yes Well Now Here My Your To From By With "
    "After Before Since Though Although While Where Which Until Every One Such Nor Or Wherein Also However Thus Only Very Even Like".split()
)
PERSON_VERB = re.compile(r"^(?:said|asked|cried|replied|thought|answered|went|came|looked|turned|took|gave|felt|knew|wrote|told|sat|stood|smiled)\b")
TITLE = re.compile(r"(?:\b(?:Mr|Mrs|Miss|Sir|Lady|Lord|Dr|Captain|King|Queen|President|Prince|Princess|Aunt|Uncle|Professor|General|Pope|Emperor)\.? ?)$")
AUXILIARIES = frozenset("was were is are had has have will would can could should may might must did does do".split())
PAST = dict(pair.split(":") for pair in (
    "went:go came:come saw:see took:take gave:give made:make found:find became:become began:begin wrote:write held:hold left:leave "
    "brought:bring knew:know thought:think told:tell said:say got:get ran:run kept:keep felt:feel met:meet sent:send built:build lost:lose "
    "won:win led:lead stood:stand sat:sit spoke:speak fell:fall bought:buy sold:sell heard:hear grew:grow drew:draw rose:rise paid:pay "
    "caught:catch chose:choose wore:wear broke:break drove:drive ate:eat flew:fly threw:throw understood:understand won:win fought:fight "
    "taught:teach spent:spend slept:sleep struck:strike sang:sing rode:ride hid:hide shot:shoot lay:lie laid:lay").split())
ASKING = {
    "year": ("When", "In what year", "In which year", "What year"), "date": ("When", "On what date", "On which day"),
    "money": ("How much", "How much money", "What sum"), "place": ("Where", "Where", "In what place", "What place"),
    "why": ("Why", "Why", "For what reason"), "thing": ("What", "What", "What thing"),
    "person": ("Who", "Who", "Which person"), "name": ("Who or what", "What", "Who", "Which"),
}
WH = frozenset("who whom whose what when where why how which".split())
BREAK = re.compile(r"[,;:()—–“”\"]|\.\s| - ")


# What may follow a name that stands for itself; before another noun it is an adjective or a title.
AFTER_NAME = re.compile(r"^(?:$|[,.;:?!”’)]| (?:of|in|on|at|with|and|or|to|for|from|by|that|which|who|as|was|were|is|are|had|has|have|would|could|"
                        r"will|can|did|does|himself|herself|[a-z]+ed|" + "|".join(PAST) + r")\b)")
STRANGE = re.compile(r"[(){}\[\]<>=_`|*#/\\~^+]|\w\.\w{2}")
NOT_NOUN = re.compile(r"(?:ed|ly|ing|ves|under|above|upon|over|after|before|about|into|than|more|most|said|made|were|been|have|does)$")


@dataclass
class Cloze:
    question: str
    answer: str


def base_form(verb: str) -> str | None:
    """Infinitive of a past form, roughly; None when the word does not look like one."""
    if verb in PAST:
        return PAST[verb]
    if not verb.endswith("ed") or len(verb) < 5:
        return None
    stem = verb[:-2]
    if stem.endswith("i"):
        return stem[:-1] + "y"
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] in "bdgmnprt":
        return stem[:-1]
    return stem + "e" if stem[-1] in "vcgzu" or stem[-2:] in ("at", "as", "is", "ir", "id", "iv", "us", "ur", "ak", "ik") else stem


def clause(sentence: str, begin: int, end: int) -> tuple[str, str]:
    """What stands before and after the span, up to the next breaks that leave some words to ask with."""
    breaks = [0] + [m.end() for m in BREAK.finditer(sentence[:begin])]
    ends = [m.start() for m in BREAK.finditer(sentence, end)] + [len(sentence.rstrip(".!?…"))]
    left, right = breaks.pop(), ends.pop(0)
    while len((sentence[left:begin] + sentence[end:right]).split()) < 5 and (breaks or ends):
        if breaks and (not ends or len(breaks) >= len(ends)):
            left = breaks.pop()
        elif ends:
            right = ends.pop(0)
    return sentence[left:begin].strip(" ,;:—–"), sentence[end:max(end, right)].strip(" ,;:—–.")


def _lowered(words: list[str]) -> list[str]:
    """The first word of a sentence inside a question; names keep their capital."""
    if words and (words[0] in NOT_NAMES or words[0].capitalize() in NOT_NAMES) and words[0] != "I":
        words = [words[0].lower()] + words[1:]
    return words[1:] if words and words[0] in ("and", "but", "then", "so", "or", "for", "yet", "nor", "that") else words


def phrase(wh: str, kind: str, left: list[str], right: list[str]) -> str:
    """The question's words in order: fronted where an auxiliary or a past tense allows it."""
    if not left:
        return " ".join([wh, *right])
    tail = left[:-1] if kind in ("year", "date", "place") and left[-1].lower() in ("in", "on", "at", "from", "to", "near", "into", "towards", "through") else left
    for at, word in enumerate(tail[1:8], 1):
        if word in AUXILIARIES:
            return " ".join([wh, word, *tail[:at], *tail[at + 1 :], *right])
        base = base_form(word)
        if base and tail[at - 1] not in ("to", "a", "an", "the"):
            return " ".join([wh, "did", *tail[:at], base, *tail[at + 1 :], *right])
    return " ".join([*left, wh[0].lower() + wh[1:], *right])


def _kind(kind: str, answer: str, sentence: str, begin: int, end: int) -> str | None:
    """The kind to ask by; None for a span that is not what its pattern looks for."""
    words = answer.split()
    if kind == "thing" and (NOT_NOUN.search(answer) or any(w in PAST for w in words) or words[-1] in AUXILIARIES):
        return None
    if kind in ("name", "place"):
        is_first = not re.search(r"\w", sentence[:begin]) or sentence[:begin].rstrip()[-1:] in "“\"‘.!?:—"
        acts = PERSON_VERB.match(sentence[end:].lstrip())
        if words[0] in NOT_NAMES or len(answer) < 3 or not AFTER_NAME.match(sentence[end:]):
            return None
        if is_first and len(words) == 1 and (not acts and sentence[end:].split()[:1] not in (["was"], ["had"], ["is"], ["has"])):
            return None
        if TITLE.search(sentence[:begin]) or acts:
            return "person"
    return kind


def make(sentence: str, rng: random.Random) -> Cloze | None:
    """A question about one span of the sentence; None when nothing in it can be asked for."""
    options = [(kind, match, weight) for kind, pattern, weight in SPANS for match in pattern.finditer(sentence)]
    if not options:
        return None
    kind, match, _ = rng.choices(options, [weight for *_, weight in options])[0]
    answer, (begin, end) = match.group("a"), match.span("a")
    found = _kind(kind, answer, sentence, begin, end)
    if found is None:
        return None
    if found == "count":
        wh, end = f"How many {match.group('n')}", match.end("n")
    else:
        wh = rng.choice(ASKING[found])
    before, after = clause(sentence, begin, end)
    left, right = _lowered(before.split()), after.split()
    most = rng.randrange(8, 14)
    is_cut, left, right = len(left) > most, left[-most:], right[: rng.randrange(6, 13)]
    told = " ".join(left + right)
    if len(left) + len(right) < 4 or answer in told or STRANGE.search(told) or left[:1] and left[0].lower() in WH:
        return None
    if left and (is_cut or rng.random() < 0.2):
        question = " ".join([*left, wh[0].lower() + wh[1:], *right])
    else:
        question = phrase(wh, found, left, right)
    question = re.sub(r"[“”\"()\[\]]", "", question)
    question = reworded(question, rng, same=0.3, ending=0.05, fewer=0.15)
    return Cloze(question[:1].upper() + question[1:] + "?", answer)
