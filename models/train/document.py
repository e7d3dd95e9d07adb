"""Owns composing one document: stretches of real text with planted facts between sentences."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from .corpus import Corpus
from .corpus_build import BOOK, PARAGRAPH, PROSE, QUOTABLE, SQUAD, content_words, word_id
from .facts import Fact, plant
from .renaming import RENAMED, Renaming, name_pool
from .settings import SHORT_MIXES


@dataclass
class Document:
    tokens: list[int]
    sentences: np.ndarray  # store indices of the real sentences, in order of appearance
    words: np.ndarray  # content word ids of all of them
    word_offsets: np.ndarray  # where each sentence's words begin in `words`
    facts: list[list[Fact]] = field(default_factory=list)  # planted, by family
    paragraphs: list[int] = field(default_factory=list)  # SQuAD paragraphs inside
    text: str = ""  # planted text only, to keep keyword questions away from it
    renamed: dict[int, str] = field(default_factory=dict)  # store index -> the sentence under other names
    names: dict[int, Renaming] = field(default_factory=dict)  # of each paragraph that has other names

    def sentence(self, corpus: Corpus, index: int) -> str:
        """A sentence of the store as it stands in this document."""
        return self.renamed[index].strip() if index in self.renamed else corpus.sentence(index)


class Composer:
    """Draws documents from one side of the held-out line."""

    def __init__(self, corpus: Corpus, rng: random.Random, held_out: bool = False) -> None:
        self.corpus, self.rng, self.held_out = corpus, rng, held_out
        self.pool = [] if held_out else name_pool(random.Random(rng.random()))

    def stretch(self, kind: int, budget: int) -> tuple[int, int]:
        """Consecutive sentences of one text, about `budget` tokens at most."""
        corpus = self.corpus
        text = corpus.pick_text(kind, self.held_out, self.rng)
        first, last = int(corpus.text_sentences[text]), int(corpus.text_sentences[text + 1])
        ends = corpus.sentence_tokens
        total = int(ends[last] - ends[first])
        if total > budget:
            offset = self.rng.randrange(0, total - budget + 1)
            start = int(np.searchsorted(ends, ends[first] + offset))
            stop = int(np.searchsorted(ends, ends[start] + budget, side="right")) - 1
            return start, min(max(stop, start + 1), last)
        return first, last

    def articles(self, budget: int) -> list[tuple[int, int]]:
        """SQuAD paragraphs: some articles with neighbours, the rest scattered as distractors."""
        corpus, rng = self.corpus, self.rng
        texts, lengths = corpus.pool(SQUAD, self.held_out)
        together = rng.random() < 0.5
        picked: dict[int, None] = {}
        spent = 0
        while spent < budget - 60 and len(picked) < len(texts):
            at = rng.randrange(len(texts))
            for i in range(at, min(at + (rng.randrange(3, 14) if together else 1), len(texts))):
                if texts[i] not in picked and spent + lengths[i] < budget:
                    picked[texts[i]] = None
                    spent += lengths[i] + 2
            if budget < 5_000 and rng.random() < 0.02:
                break
        chosen = list(picked)
        if not together:
            rng.shuffle(chosen)
        return [(int(corpus.text_sentences[t]), int(corpus.text_sentences[t + 1])) for t in chosen]

    def segments(self, budget: int, mixes: dict[str, float]) -> list[tuple[int, int]]:
        """A book, prose, SQuAD's articles, or a patchwork of them, by these shares."""
        mix = self.rng.choices(list(mixes), list(mixes.values()))[0]
        if mix == "articles":
            return self.articles(budget)
        if mix == "book":
            return [self.stretch(BOOK, budget)]
        segments, left = [], budget
        while left > 120:
            if mix == "patchwork" and self.rng.random() < 0.5:
                new = self.articles(min(left, self.rng.randrange(300, 2500)))
            else:
                kind = PROSE if mix == "prose" else self.rng.choice((BOOK, PROSE))
                new = [self.stretch(kind, min(left, self.rng.randrange(400, 30_000)))]
            segments += new
            ends = self.corpus.sentence_tokens
            left -= sum(int(ends[b] - ends[a]) + 2 for a, b in new) + 1
        return segments

    def _insertions(self, segments: list[tuple[int, int]], texts: list[str]) -> dict[int, list[int]]:
        """Where to plant: sentence index -> token ids to put before it."""
        corpus, rng = self.corpus, self.rng
        places: list[int] = []
        for first, last in segments:
            ends_well = np.flatnonzero(corpus.flags[first : last - 1] & QUOTABLE) + first + 1
            places += ends_well.tolist()
        blocks = [p for p in places if corpus.flags[p] & PARAGRAPH]
        planted: dict[int, list[int]] = {}
        for text in texts:
            is_block = "\n" in text
            options = (blocks or places) if is_block else places
            if not options:
                continue
            lead = "\n\n" if is_block or rng.random() < 0.2 else " "
            planted.setdefault(rng.choice(options), []).extend(corpus.tokenizer.encode(lead + text))
        return planted

    def compose(self, budget: int, fact_count: int, segments: list[tuple[int, int]] | None = None,
                mixes: dict[str, float] | None = None) -> Document:
        corpus = self.corpus
        vocabulary = corpus.random_vocabulary(self.rng, 24)
        families = plant(self.rng, vocabulary, fact_count) if fact_count else []
        texts = [text for family in families for fact in family for text in fact.planted]
        room = budget - sum(len(text) // 3 + 2 for text in texts)
        segments = segments or self.segments(max(room, 200), mixes or SHORT_MIXES)
        planted = self._insertions(segments, texts)
        names = {} if self.held_out else self._names(segments)
        renamed = self._renamed(names)
        tokens: list[int] = []
        for first, last in segments:
            head = ("\n\n" if tokens else "") + (renamed[first].strip() if first in renamed else corpus.sentence(first))
            tokens += corpus.tokenizer.encode(head)
            start = first + 1
            for place in sorted(p for p in planted if first < p < last):
                tokens += self._span(start, place, renamed) + planted[place]
                start = place
            tokens += self._span(start, last, renamed)
        complete = len(tokens) <= budget + 400
        made = self._finished(tokens if complete else tokens[: budget + 400], segments, families if planted else [], texts, renamed)
        made.names = names
        return made

    def _names(self, segments: list[tuple[int, int]]) -> dict[int, Renaming]:
        """Other names for some of the SQuAD paragraphs; those of one article share them."""
        corpus, of_article = self.corpus, {}
        names: dict[int, Renaming] = {}
        for first, _ in segments:
            text = int(np.searchsorted(corpus.text_sentences, first, side="right")) - 1
            if corpus.kinds[text] == SQUAD and self.rng.random() < RENAMED:
                names[text] = of_article.setdefault(corpus.titles[text], Renaming(self.pool, self.rng))
                bounds = corpus.sentence_tokens[corpus.text_sentences[text : text + 2]]
                names[text].learn(corpus.tokenizer.decode(corpus.tokens[bounds[0] : bounds[1]].tolist()))
        return names

    def _renamed(self, names: dict[int, Renaming]) -> dict[int, str]:
        corpus, renamed = self.corpus, {}
        for text, renaming in names.items():
            for index in range(corpus.text_sentences[text], corpus.text_sentences[text + 1]):
                old = corpus.tokenizer.decode(corpus.sentence_ids(index).tolist())
                new = renaming.apply(old)
                if new != old:
                    renamed[index] = new
        return renamed

    def _span(self, start: int, stop: int, renamed: dict[int, str]) -> list[int]:
        ends, tokens = self.corpus.sentence_tokens, []
        for index in [i for i in range(start, stop) if i in renamed] if renamed else []:
            tokens += self.corpus.tokens[ends[start] : ends[index]].tolist() + self.corpus.tokenizer.encode(renamed[index])
            start = index + 1
        return tokens + self.corpus.tokens[ends[start] : ends[stop]].tolist()

    def _words(self, segments: list[tuple[int, int]], renamed: dict[int, str]) -> tuple[np.ndarray, np.ndarray]:
        """Content word ids of all sentences, and where each sentence's begin."""
        corpus, bounds, parts, counts = self.corpus, self.corpus.sentence_words, [], []
        for first, last in segments:
            start = first
            for index in [i for i in range(first, last) if i in renamed] if renamed else []:
                new = np.array([word_id(w) for w in content_words(renamed[index])], np.uint32)
                parts += [corpus.words[bounds[start] : bounds[index]], new]
                counts += [np.diff(bounds[start : index + 1]), [len(new)]]
                start = index + 1
            parts.append(corpus.words[bounds[start] : bounds[last]])
            counts.append(np.diff(bounds[start : last + 1]))
        return np.concatenate(parts), np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)

    def _finished(self, tokens: list[int], segments: list[tuple[int, int]], families: list[list[Fact]], texts: list[str],
                  renamed: dict[int, str]) -> Document:
        corpus = self.corpus
        sentences = np.concatenate([np.arange(a, b) for a, b in segments])
        words, word_offsets = self._words(segments, renamed)
        text_of = np.searchsorted(corpus.text_sentences, [a for a, _ in segments], side="right") - 1
        paragraphs = [int(t) for t in text_of if corpus.kinds[t] == SQUAD]
        return Document(tokens, sentences, words, word_offsets, families, paragraphs, " ".join(texts).lower(), renamed)
