"""Evaluation sheets over a small corpus made here."""

from __future__ import annotations

import json
import lzma
import random
import tempfile
import unittest
from pathlib import Path

from train.corpus import Corpus
from train.corpus_build import build
from train.evalset import book_sheet
from train.settings import HELD_OUT_BOOKS, SEED
from train.tokenizer import Tokenizer
from train.wording import invented_word

MODEL = Path(__file__).parents[2] / "longleaf-mini.gguf"
HELD_OUT, SEEN = sorted(HELD_OUT_BOOKS)[0], "A Book of Training"


def novel(rng: random.Random) -> str:
    words = [invented_word(rng) for _ in range(400)]
    return " ".join(" ".join(rng.sample(words, 9)).capitalize() + "." for _ in range(900))


class Sides(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        corpus, rng = Path(cls.folder.name), random.Random(3)
        cls.novels = {title: novel(rng) for title in (HELD_OUT, SEEN)}
        prose = {"title": "Prose", "text": "Every lantern on the quiet harbour wall burned until morning. " * 30}
        article = {"title": "Article", "context": "The lantern was lit in 1850.", "qas": [{"question": "When was it lit?", "answers": ["1850"]}]}
        rows = {"books": [{"title": t, "text": text} for t, text in cls.novels.items()], "prose": [prose], "squad-train": [article]}
        for name, entries in rows.items():
            with lzma.open(corpus / f"{name}.jsonl.xz", "wt", encoding="utf-8") as out:
                out.writelines(json.dumps(entry) + "\n" for entry in entries)
        tokenizer = Tokenizer.from_gguf(MODEL)
        build(corpus, tokenizer, corpus / "store", workers=1)
        cls.corpus = Corpus(corpus / "store", tokenizer)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def quoted_from(self, held_out: bool) -> list[str]:
        """Of each keyword question, which novel its sentence stands in."""
        turns = book_sheet(self.corpus, 4_096, SEED, held_out).turns
        self.assertGreater(sum(turn.kind == "fact" for turn in turns), 6)
        return [title for turn in turns if turn.kind == "keyword"
                for title, text in self.novels.items() if turn.quote in text]

    def test_questions_are_about_the_novels_of_one_side(self) -> None:
        for held_out, title in ((True, HELD_OUT), (False, SEEN)):
            found = self.quoted_from(held_out)
            self.assertGreater(len(found), 6)
            self.assertEqual(set(found), {title})


if __name__ == "__main__":
    unittest.main()
