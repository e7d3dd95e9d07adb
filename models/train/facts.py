"""Owns planted facts: sentences of known content to hide in a document, and questions about them.

Every fact has a key (what it is about) and a value (what is asked). Families of facts share an
attribute, so that a document can hold many facts that differ from each other in one word only.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Callable

from . import wording as w


@dataclass
class Fact:
    sentence: str  # what is planted, and quoted in the answer
    questions: list[str]  # ways to ask for the value
    value: str
    missing: list[str] = field(default_factory=list)  # questions of the same shape with no answer
    planted: list[str] = field(default_factory=list)  # every piece of text the document must hold
    follow_up: str = ""  # asks the same of this key right after another fact of the family
    topic: str = ""  # words that single out the sentence, for keyword questions

    def __post_init__(self) -> None:
        self.planted = self.planted or [self.sentence]


Value = Callable[[random.Random], str]


def digits(rng: random.Random) -> str:
    count = rng.choice((3, 4, 4, 5, 5, 5, 5, 6, 6, 7))
    return str(rng.randrange(10 ** (count - 1), 10**count))


def mixed_code(rng: random.Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(rng.choice((1, 2, 3))))
    joined = rng.choice(("-", "-", "", " "))
    return f"{letters}{joined}{rng.randrange(10, 10 ** rng.choice((2, 3, 4)))}"


def pass_phrase(rng: random.Random) -> str:
    return rng.choice(w.ADJECTIVES) + rng.choice((" ", "-")) + rng.choice(w.NOUNS)


def year(rng: random.Random) -> str:
    return str(rng.randrange(1400, 2040))


def date(rng: random.Random) -> str:
    day, month = rng.randrange(1, 29), rng.choice(w.MONTHS)
    return rng.choice((f"{day} {month}", f"{month} {day}", f"{day} {month} {year(rng)}", f"{month} {day}, {year(rng)}"))


def clock(rng: random.Random) -> str:
    return rng.choice((f"{rng.randrange(0, 24)}:{rng.randrange(60):02}", f"{rng.randrange(1, 13)} {rng.choice(('am', 'pm'))}"))


def money(rng: random.Random) -> str:
    amount = f"{rng.choice((rng.randrange(2, 999), rng.randrange(1000, 99999))):,}"
    return rng.choice((f"${amount}", f"€{amount}", f"£{amount}", f"{amount} dollars", f"{amount} euros", f"{amount} crowns"))


def measure(rng: random.Random) -> str:
    return f"{rng.randrange(2, 2000)} {rng.choice('kilograms metres litres feet miles kilometres pounds tons inches hours'.split())}"


def person(rng: random.Random) -> str:
    return f"{rng.choice(w.FIRST_NAMES)} {rng.choice(w.SURNAMES)}"


def place(rng: random.Random) -> str:
    return rng.choice(w.PLACES) if rng.random() < 0.8 else w.invented_word(rng).capitalize()


def one_of(words: list[str]) -> Value:
    return lambda rng: rng.choice(words)


ATTRIBUTES: list[tuple[str, Value]] = (
    [(name, digits) for name in ("access code", "access code", "access code", "secret number", "magic number", "pin", "PIN code",
     "locker number", "combination", "extension number", "room number", "account number", "lot number", "door code",
     "registration number", "flight number", "case number", "population", "ticket number", "security code", "pass code")]
    + [(name, mixed_code) for name in ("access code", "serial number", "code name", "call sign", "model number", "catalogue number",
       "licence plate", "reference", "part number", "order number", "code", "identifier", "seat")]
    + [(name, pass_phrase) for name in ("password", "passphrase", "watchword", "nickname", "motto", "secret word", "emblem")]
    + [(name, date) for name in ("opening date", "due date", "launch date", "anniversary", "deadline")]
    + [(name, clock) for name in ("departure time", "closing time", "curfew")]
    + [(name, money) for name in ("price", "annual fee", "value", "insurance value", "repair cost", "deposit")]
    + [(name, measure) for name in ("weight", "height", "length", "capacity", "range", "depth")]
    + [(name, person) for name in ("owner", "keeper", "architect", "inventor", "captain", "guardian", "designer")]
    + [(name, place) for name in ("home port", "birthplace", "destination", "hiding place", "location", "headquarters")]
    + [(name, one_of(w.COLOURS)) for name in ("colour", "favourite colour")]
    + [("material", one_of(w.MATERIALS))]
)
STATEMENTS = (
    "The {a} of the {k} is {v}.", "The {a} of the {k} is {v}.", "The {a} of the {k} is {v}.", "The {a} for the {k} is {v}.",
    "The {k}’s {a} is {v}.", "For the {k}, the {a} is {v}.", "{v} is the {a} of the {k}.", "Note that the {a} of the {k} is {v}.",
    "As everyone there knew, the {a} of the {k} was {v}.", "The {a} of the {k}, according to the register, is {v}.",
    "The {k} has {v} as its {a}.", "They wrote down that the {a} of the {k} was {v}.", "The {a} assigned to the {k} is {v}.",
    "Remember that {v} is the {a} of the {k}.", "In the end the {a} of the {k} turned out to be {v}.",
)
ASKING = (
    "What is the {a} of the {k}?", "What is the {a} of the {k}?", "What is the {a} of the {k}?", "What is the {a} for the {k}?",
    "What is the {k}'s {a}?", "What's the {a} of the {k}?", "Tell me the {a} of the {k}.", "Give the {a} of the {k}.",
    "Which {a} does the {k} have?", "{k} {a}?", "What {a} was given for the {k}?", "I need the {a} of the {k}.",
    "What does the document say is the {a} of the {k}?", "What was the {a} of the {k}?", "Find the {a} of the {k}.",
)
# Facts about a person or thing {k}; statement templates, question templates, value, kind of key.
RELATIONS: list[tuple[tuple[str, ...], tuple[str, ...], Value, str]] = [
    (("{k} was born in {v}.", "It was in {v} that {k} was born."), ("Where was {k} born?", "In which town was {k} born?"), place, "person"),
    (("{k} was born in {v}.", "{k} came into the world in {v}."), ("When was {k} born?", "In what year was {k} born?"), year, "person"),
    (("{k} works as a {v}.", "{k} earned a living as a {v}."), ("What does {k} do for a living?", "What is {k}'s job?", "What is the profession of {k}?"), one_of(w.JOBS), "person"),
    (("{k} moved to {v} that spring.", "After the war {k} settled in {v}."), ("Where did {k} move?", "Where did {k} settle?"), place, "person"),
    (("{k} paid {v} for the house.", "The house cost {k} {v}."), ("How much did {k} pay for the house?", "What did the house cost {k}?"), money, "person"),
    (("{k} won the {v} prize.", "The {v} prize went to {k}."), ("Which prize did {k} win?",), lambda r: r.choice(w.ADJECTIVES) + " " + r.choice(w.NOUNS), "person"),
    (("{k} owns {v} horses.", "There are {v} horses in the stable of {k}."), ("How many horses does {k} own?", "How many horses are in {k}'s stable?"), lambda r: r.choice((str(r.randrange(2, 99)), w.number_word(r))), "person"),
    (("{k} arrived on {v}.", "On {v} {k} arrived at last."), ("When did {k} arrive?", "On what date did {k} arrive?"), date, "person"),
    (("The {k} was built in {v}.", "Work on the {k} was finished in {v}."), ("When was the {k} built?", "When was the {k} finished?", "In what year was the {k} built?"), year, "thing"),
    (("The {k} was painted by {v}.", "{v} painted the {k}."), ("Who painted the {k}?", "By whom was the {k} painted?"), person, "thing"),
    (("The {k} belongs to {v}.", "{v} is the owner of the {k}."), ("Who owns the {k}?", "To whom does the {k} belong?", "Whose is the {k}?"), person, "thing"),
    (("{v} found the {k} under the floor.", "The {k} was found by {v}."), ("Who found the {k}?",), person, "thing"),
    (("The {k} is kept in {v}.", "You will find the {k} in {v}."), ("Where is the {k} kept?", "Where is the {k}?", "Where can I find the {k}?"), place, "thing"),
    (("The {k} was sold for {v}.", "At the auction the {k} fetched {v}."), ("How much was the {k} sold for?", "What did the {k} fetch?", "How much did the {k} sell for?"), money, "thing"),
    (("The {k} weighs {v}.",), ("How much does the {k} weigh?",), lambda r: f"{r.randrange(2, 900)} {r.choice(('kilograms', 'grams', 'pounds', 'tons'))}", "thing"),
    (("The {k} leaves at {v}.", "At {v} the {k} departs."), ("When does the {k} leave?", "At what time does the {k} leave?"), clock, "thing"),
    (("The {k} is made of {v}.", "{v} is what the {k} is made of."), ("What is the {k} made of?",), one_of(w.MATERIALS), "thing"),
    (("The {k} opens every {v}.",), ("On which day does the {k} open?", "When does the {k} open?"), one_of(w.WEEKDAYS), "thing"),
    (("The {k} expedition set out from {v}.",), ("Where did the {k} expedition set out from?",), place, "thing"),
    (("The term “{k}” means {v}.", "In this document, “{k}” means {v}.", "“{k}” shall mean {v}."), ("What does “{k}” mean?", "What does {k} mean?", "How is “{k}” defined?", "Define {k}."), lambda r: f"a {r.choice(w.ADJECTIVES)} {r.choice(w.NOUNS)} used by a {r.choice(w.JOBS)}", "term"),
    (("One of the special magic numbers for {k} is: {v}.", "The special magic number for {k} is {v}."), ("What is the special magic number for {k}?", "What is the magic number for {k}?"), digits, "term"),
]


def thing_key(rng: random.Random, vocabulary: list[str]) -> str:
    """Adjective and noun; often words of the corpus or invented ones, so that no pair is learned."""
    roll = rng.random()
    adjective = rng.choice(w.ADJECTIVES) if roll < 0.6 or not vocabulary else rng.choice(vocabulary)
    noun = rng.choice(w.NOUNS) if rng.random() < 0.65 or not vocabulary else rng.choice(vocabulary)
    if roll > 0.94:
        adjective = w.invented_word(rng)
    return f"{adjective} {noun}"


def make_key(kind: str, rng: random.Random, vocabulary: list[str]) -> str:
    if kind == "person":
        return person(rng) if rng.random() < 0.85 else f"{rng.choice(w.FIRST_NAMES)} {w.invented_word(rng).capitalize()}"
    if kind == "term":
        return rng.choice((w.invented_word(rng), rng.choice(w.NOUNS), rng.choice(w.GREEK)))
    return thing_key(rng, vocabulary)


def near_key(key: str, kind: str, rng: random.Random, vocabulary: list[str]) -> str:
    """A key that shares one word with the given one: the lookalike a reader must tell apart."""
    other = make_key(kind, rng, vocabulary)
    if " " not in key or " " not in other:
        return other
    first, second = key.split(" ", 1)
    return f"{first} {other.split(' ', 1)[1]}" if rng.random() < 0.5 else f"{other.split(' ', 1)[0]} {second}"


def capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _fact(statement: str, asking: tuple[str, ...], kind: str, key: str, absent: str, value: str, attribute: str) -> Fact:
    ask = lambda k: [capitalised(q.format(a=attribute, k=k)) for q in asking]
    the = "the " if kind == "thing" else ""
    follow = f"And of {the}{key}?" if attribute else f"And {the}{key}?"
    sentence = capitalised(statement.format(a=attribute, k=key, v=value))
    return Fact(sentence, ask(key), value, ask(absent), follow_up=follow, topic=f"{attribute} {key}".strip())


def family(rng: random.Random, vocabulary: list[str], count: int) -> list[Fact]:
    """Facts of one shape about lookalike keys; no two keys and no two values are the same."""
    if rng.random() < 0.6:
        attribute, value_of = rng.choice(ATTRIBUTES)
        statements, asking, kind = STATEMENTS, ASKING, "thing"
        if rng.random() < 0.15:
            kind, statements, asking = "person", tuple(s.replace("the {k}", "{k}") for s in STATEMENTS), tuple(s.replace("the {k}", "{k}") for s in ASKING)
    else:
        attribute = ""
        statements, asking, value_of, kind = rng.choice(RELATIONS)
    keys = [make_key(kind, rng, vocabulary)]
    while len(keys) < count + 1:
        new = near_key(keys[0], kind, rng, vocabulary) if rng.random() < 0.5 else make_key(kind, rng, vocabulary)
        if new not in keys:
            keys.append(new)
    values: list[str] = []
    while len(values) < count:
        value = value_of(rng)
        if value not in values or value_of(rng) in values:
            values.append(value)
    absent = keys.pop()
    rng.shuffle(keys)
    return [_fact(rng.choice(statements), asking, kind, key, absent, value, attribute) for key, value in zip(keys, values)]


def two_hop(rng: random.Random, vocabulary: list[str]) -> Fact:
    """The value hangs on a thing that another sentence ties to a person."""
    who, other, thing = person(rng), person(rng), thing_key(rng, vocabulary)
    attribute, value_of = rng.choice(ATTRIBUTES[:30])
    value, verb = value_of(rng), rng.choice(("carries", "guards", "looks after", "inherited"))
    base = {"carries": "carry", "guards": "guard", "looks after": "look after", "inherited": "inherit"}[verb]
    sentence = f"The {attribute} of the {thing} is {value}."
    asking = (f"What is the {attribute} of the thing that {{k}} {verb}?", f"{{k}} {verb} something. What is its {attribute}?",
              f"What does {{k}} {base}, and what is its {attribute}?")
    return Fact(sentence, [q.format(k=who) for q in asking], value, [q.format(k=other) for q in asking], [sentence, f"{who} {verb} the {thing}."])


def numbered_list(rng: random.Random, vocabulary: list[str]) -> Fact:
    title = f"{rng.choice(('Inventory', 'Contents', 'Checklist', 'Supplies', 'Exhibits'))} of the {thing_key(rng, vocabulary)}"
    items = [thing_key(rng, vocabulary) for _ in range(rng.randrange(4, 9))]
    at = rng.randrange(len(items))
    ordinal = "first second third fourth fifth sixth seventh eighth".split()
    block = title + ":" + "".join(f"\n{i + 1}. {item}" for i, item in enumerate(items))
    lower = title[0].lower() + title[1:]
    return Fact(f"{at + 1}. {items[at]}", [f"What is item {at + 1} in the {lower}?", f"What is the {ordinal[at]} item in the {lower}?",
                f"Which item comes {ordinal[at]} in the {lower}?"], items[at], [], [block])


def table_row(rng: random.Random, vocabulary: list[str]) -> Fact:
    columns = rng.sample([("Price", money), ("Code", digits), ("Weight", measure), ("Owner", person), ("Town", place), ("Date", date)], 3)
    keys = list({thing_key(rng, vocabulary) for _ in range(rng.randrange(4, 8))})
    rows = [[key, *(value(rng) for _, value in columns)] for key in keys]
    lines = [" | ".join(row) for row in [["Item", *(name for name, _ in columns)], *rows]]
    row, column = rng.randrange(len(rows)), rng.randrange(3)
    name = columns[column][0].lower()
    asking = (f"What is the {name} of the {{k}} in the table?", f"According to the table, what is the {name} of the {{k}}?", f"What {name} does the table give for the {{k}}?")
    absent = thing_key(rng, vocabulary)
    return Fact(lines[row + 1], [q.format(k=keys[row]) for q in asking], rows[row][column + 1], [q.format(k=absent) for q in asking], ["\n".join(lines)])


def plant(rng: random.Random, vocabulary: list[str], count: int) -> list[list[Fact]]:
    """Families of facts for one document, about `count` facts in all."""
    families: list[list[Fact]] = []
    while sum(map(len, families)) < count:
        roll = rng.random()
        if roll < 0.06:
            families.append([two_hop(rng, vocabulary)])
        elif roll < 0.10:
            families.append([numbered_list(rng, vocabulary)])
        elif roll < 0.14:
            families.append([table_row(rng, vocabulary)])
        else:
            families.append(family(rng, vocabulary, rng.choice((1, 1, 2, 3, 4, 5))))
    return families
