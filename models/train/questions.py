"""Owns questions about a composed document, each with the sentence to quote and the short answer."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import numpy as np

from . import cloze
from .corpus import Corpus
from .corpus_build import HEADING, QUOTABLE, SQUAD, content_words, word_id
from .document import Document
from .facts import Fact
from .rewording import reworded
from .settings import NOT_FOUND
from .wording import listed, vary

KEYWORD = (
    "Quote the sentence that mentions {k}.", "Quote the sentence that mentions {k}.", "Quote the sentence about {k}.",
    "Which sentence mentions {k}?", "Which sentence contains {k}?", "Find the sentence with {k}.", "Find the sentence about {k}.",
    "Find the passage that mentions {k}.", "Where does the text mention {k}?", "What does the document say about {k}?",
    "Quote the passage about {k}.", "Give the sentence that contains the words {k}.", "Which sentence has the words {k}?",
    "Quote the sentence containing the words {k}.", "Show me the sentence with {k}.", "{k}", "Where is {k} mentioned?",
    "What is said about {k}?", "Quote the line that speaks of {k}.", "Copy out the sentence in which {k} appear.",
    "Quote word for word the sentence that mentions {k}.", "Which sentence talks about {k}?", "Find: {k}",
)
BLANK = ("Fill in the blank: “{s}”", "Which word is missing: “{s}”?", "What fills the gap in “{s}”?", "Complete the gap: {s}", "What is the missing word? {s}")
BEGINS = ("Quote the sentence that begins with “{s}”.", "How does the sentence that starts “{s}” continue?", "Complete the sentence “{s} …”",
          "Finish this sentence from the document: {s}", "Quote the sentence that starts with “{s}”.")
HOLDS = ("Quote the sentence that contains “{s}”.", "In which sentence do the words “{s}” appear?", "Quote the whole sentence around “{s}”.",
         "Where does it say “{s}”?", "Quote the sentence that ends with “{s}”.")
CHAPTERS = ("Which chapter mentions {k}?", "In which chapter do {k} appear?", "Under which heading is {k} mentioned?", "In which chapter is {k}?")
AGAIN = ("Where does it say that?", "Quote that sentence again.", "Which sentence says so?", "Show me where.", "Quote it.")


@dataclass
class Turn:
    kind: str
    question: str
    quote: str | None  # the sentence, verbatim; None when the answer is not in the document
    short: str = ""

    @property
    def answer(self) -> str:
        if self.quote is None:
            return NOT_FOUND
        return f"“{self.quote}” {self.short}".rstrip()


class Asker:
    """Makes turns about one document."""

    def __init__(self, corpus: Corpus, document: Document, rng: random.Random) -> None:
        self.corpus, self.document, self.rng = corpus, document, rng
        self.order = np.argsort(document.words, kind="stable")
        self.sorted_words = document.words[self.order]
        flags = corpus.flags[document.sentences]
        self.quotable = np.flatnonzero(flags & QUOTABLE)
        self.headings = np.flatnonzero(flags & HEADING)
        self.families = [list(family) for family in document.facts]
        self.open_questions = [(t, i) for t in document.paragraphs for i in range(len(corpus.questions[t]))]
        rng.shuffle(self.open_questions)
        self.unasked = [(f, i) for f, family in enumerate(self.families) for i in range(len(family))]
        rng.shuffle(self.unasked)
        self.held_out = bool(corpus.held_out[np.searchsorted(corpus.text_sentences, document.sentences[0], side="right") - 1])
        self.known: dict[str, np.ndarray] = {}
        self.quoted: set[int] = set()  # asked about once, a sentence could be copied from the earlier answer

    def holders(self, word: str) -> np.ndarray:
        """Sentences of the document (positions in it) that hold the word."""
        key = word.lower()
        if key not in self.known:
            left, right = np.searchsorted(self.sorted_words, [word_id(key), word_id(key) + 1])
            self.known[key] = np.unique(np.searchsorted(self.document.word_offsets, self.order[left:right], side="right") - 1)
        return self.known[key]

    def _sentence(self, tries: int = 6) -> tuple[int, str] | None:
        """A quotable sentence; curly quotation marks inside must pair up, and are mostly avoided."""
        for _ in range(tries if len(self.quotable) else 0):
            at = int(self.rng.choice(self.quotable))
            if at in self.quoted:
                continue
            text = self.document.sentence(self.corpus, int(self.document.sentences[at]))
            marks = text.count("“"), text.count("”")
            if marks[0] == marks[1] and (marks[0] == 0 or self.rng.random() < 0.25):
                self.quoted.add(at)
                return at, text
        return None

    def distinguishing(self, at: int, text: str) -> list[str] | None:
        """Two to five words of the sentence that no other sentence of the document holds together."""
        words = list({w.lower(): w for w in content_words(text)}.values())
        self.rng.shuffle(words)
        held = {w: self.holders(w) for w in words[:10]}
        words = sorted(held, key=lambda w: len(held[w]) * self.rng.uniform(0.3, 3.0))
        wanted = self.rng.choices((1, 2, 3, 4, 5), (8, 26, 34, 22, 10))[0]
        chosen: list[str] = []
        shared = None
        for word in words:
            if len(chosen) >= wanted and shared is not None and len(shared) == 1:
                break
            chosen.append(word)
            shared = held[word] if shared is None else np.intersect1d(shared, held[word], assume_unique=True)
        if shared is None or len(shared) != 1 or len(chosen) > 6 or (len(chosen) == 1 and len(words) > 1 and wanted > 1):
            return None
        if self.rng.random() < 0.5:
            chosen.sort(key=text.find)
        return chosen

    def keyword(self) -> Turn | None:
        found = self._sentence()
        words = self.distinguishing(*found) if found else None
        if not found or not words:
            return None
        if self.rng.random() < 0.3:
            words = [w.lower() for w in words]
        question = self.rng.choice(KEYWORD).format(k=listed(words, self.rng))
        return Turn("keyword", vary(question, self.rng) if self.rng.random() < 0.5 else question, found[1])

    def blank(self) -> Turn | None:
        found = self._sentence()
        if not found:
            return None
        pieces = found[1].split(" ")
        options = [i for i, p in enumerate(pieces) if len(p.strip(".,;:!?“”()")) > 3 or p[:1].isdigit()]
        if not options:
            return None
        at = self.rng.choice(options)
        word = pieces[at].strip(".,;:!?“”()")
        low, high = max(0, at - self.rng.randrange(4, 10)), at + self.rng.randrange(4, 10)
        shown = pieces[low:at] + [pieces[at].replace(word, "____")] + pieces[at + 1 : high]
        return Turn("blank", self.rng.choice(BLANK).format(s=" ".join(shown)), found[1], word)

    def stretch(self) -> Turn | None:
        """A few consecutive words, from the start or the middle of the sentence."""
        found = self._sentence()
        pieces = found[1].split(" ") if found else []
        if not found or len(pieces) < 8:
            return None
        count = self.rng.randrange(3, 7)
        if self.rng.random() < 0.5:
            shown = " ".join(pieces[:count]).rstrip(",;:")
            return Turn("stretch", self.rng.choice(BEGINS).format(s=shown), found[1])
        at = self.rng.randrange(1, len(pieces) - count + 1)
        shown = " ".join(pieces[at : at + count]).rstrip(",;:.")
        return Turn("stretch", self.rng.choice(HOLDS).format(s=shown), found[1])

    def cloze(self) -> Turn | None:
        """A natural question about a real sentence, if its words point to that sentence alone."""
        found = self._sentence(3)
        made = cloze.make(found[1], self.rng) if found else None
        if not found or not made or not self._points_at(made.question, found[0]):
            return None
        return Turn("cloze", vary(made.question, self.rng), found[1], made.answer)

    def _points_at(self, question: str, at: int) -> bool:
        """Whether some three of the question's words stand together in that sentence only."""
        shared = None
        held = [h for h in map(self.holders, content_words(question)) if at in h]
        for holders in sorted(held, key=len)[:4]:
            shared = holders if shared is None else np.intersect1d(shared, holders, assume_unique=True)
        return len(held) >= 3 and shared is not None and len(shared) == 1

    def chapter(self) -> Turn | None:
        found = self._sentence()
        words = self.distinguishing(*found) if found else None
        if not found or not words or not len(self.headings) or self.headings[0] > found[0]:
            return None
        heading = self.headings[np.searchsorted(self.headings, found[0], side="right") - 1]
        title = self.document.sentence(self.corpus, int(self.document.sentences[heading]))
        return Turn("chapter", self.rng.choice(CHAPTERS).format(k=listed(words, self.rng)), found[1], title)

    def fact_turn(self, fact: Fact, follow_up: bool = False) -> Turn:
        question = fact.follow_up if follow_up else vary(self.rng.choice(fact.questions), self.rng)
        return Turn("fact", question, fact.sentence, fact.value)

    def fact(self) -> list[Turn]:
        """An unasked planted fact; at times with a follow-up about its neighbour in the family."""
        if not self.unasked:
            return []
        f, i = self.unasked.pop()
        family, fact = self.families[f], self.families[f][i]
        if fact.topic and self.rng.random() < 0.1:
            return [Turn("keyword", self.rng.choice(KEYWORD).format(k=fact.topic), fact.sentence)]
        turns = [self.fact_turn(fact)]
        others = [n for n in family if n is not fact and n.follow_up]
        if others and self.rng.random() < 0.12:
            turns.append(self.fact_turn(self.rng.choice(others), follow_up=True))
        return turns

    def reading(self) -> Turn | None:
        """A SQuAD question about a paragraph of the document."""
        if not self.open_questions:
            return None
        text, i = self.open_questions.pop()
        question, answer = self.corpus.questions[text][i]
        if text in self.document.names:
            question, answer = (self.document.names[text].apply(part) for part in (question, answer))
        sentence = answer_sentence(self.corpus, self.document, text, question, answer)
        if not self.held_out:
            if self.rng.random() < 0.4:
                question = reworded(question, self.rng, same=0.4, ending=0.05, fewer=0.1)
            question = vary(question, self.rng)
        return Turn("reading", question, sentence, answer) if sentence else None

    def absent(self) -> Turn | None:
        """A question the document does not answer, of the same shapes as those it does."""
        roll = self.rng.random()
        families = [family for family in self.families if family[0].missing]
        if roll < 0.38 and families:
            fact = self.rng.choice(self.rng.choice(families))
            return Turn("absent", vary(self.rng.choice(fact.missing), self.rng), None)
        if roll < 0.70:
            return self.absent_reading()
        text = self.corpus.pick_text(self.rng.choice((0, 1, 2)), False, self.rng)
        sentence = self.corpus.sentence(self.rng.randrange(self.corpus.text_sentences[text], self.corpus.text_sentences[text + 1]))
        if roll < 0.80:
            made = cloze.make(sentence, self.rng) if len(sentence) < 300 else None
            words = content_words(made.question) if made else []
            strange = [w for w in words if not len(self.holders(w)) and w.lower() not in self.document.text]
            return Turn("absent", vary(made.question, self.rng), None) if made and len(strange) >= 2 else None
        words = [w for w in dict.fromkeys(content_words(sentence)) if not len(self.holders(w)) and w.lower() not in self.document.text]
        if len(words) < 2:
            return None
        chosen = self.rng.sample(words, min(len(words), self.rng.randrange(2, 5)))
        return Turn("absent", self.rng.choice(KEYWORD).format(k=listed(chosen, self.rng)), None)

    def absent_reading(self) -> Turn | None:
        """A SQuAD question about another article, or (one in three) another part of the same one."""
        present = set(self.document.paragraphs)
        titles = {self.corpus.titles[t] for t in present}
        for _ in range(4):
            text = self.corpus.pick_text(SQUAD, self.held_out and bool(present), self.rng)
            if text in present or not self.corpus.questions[text] or self.corpus.titles[text] in titles:
                continue
            return Turn("absent", vary(self.rng.choice(self.corpus.questions[text])[0], self.rng), None)
        return None


def answer_sentence(corpus: Corpus, document: Document, text: int, question: str, answer: str) -> str | None:
    """The sentence of the paragraph that holds the answer and shares most words with the question."""
    asked = set(re.findall(r"\w+", question.lower()))
    best, best_score = None, -1
    for index in range(corpus.text_sentences[text], corpus.text_sentences[text + 1]):
        sentence = document.sentence(corpus, index)
        if answer in sentence:
            score = len(asked & set(re.findall(r"\w+", sentence.lower())))
            if score > best_score:
                best, best_score = sentence, score
    return best
