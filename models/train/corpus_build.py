"""Owns turning the corpus files into one tokenised store of sentences on disk.

Usage: python3 -m train.corpus_build CORPUS_DIR TOKENIZER.gguf|.json STORE_DIR [PROCESSES]
"""

from __future__ import annotations

import json
import lzma
import multiprocessing
import pickle
import re
import sys
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

import numpy as np

from .settings import HELD_OUT_BOOKS, title_is_held_out
from .tokenizer import Tokenizer

BOOK, PROSE, SQUAD = 0, 1, 2
QUOTABLE, PARAGRAPH, HEADING = 1, 2, 4

SENTENCE_END = re.compile(r"[.!?…]+[\"”’'»)\]]*(?=\s+[\"“‘'«(\[]*[A-Z0-9À-Þ])|\n\s*\n")
ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"‘])(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Messrs|Mme|Mlle|Prof|Gen|Col|Capt|Lt|Rev|Hon|Jr|Sr|vs|No|Nos|Vol|"
    r"Fig|Sec|Inc|Ltd|Co|cf|ca|e\.g|i\.e|etc|viz|approx|U\.S|U\.K|a\.m|p\.m|[A-Z]\.[A-Z])\.$"
)
WORD = re.compile(r"[^\W\d_][^\W\d_’'\-]{3,}")
CHAPTER = re.compile(r"^(?:Chapter\b.*|Book\b.*|Part\b.*|[IVXLC]+(?::.*)?|Preface|Prologue|Epilogue|Introduction)$")
STOPWORDS = frozenset(
    "about after again against almost also although always among another anything around away back because been "
    "before being below between both came come could does doing done down during each either enough even every "
    "everything from gave give goes going gone good great have having here herself himself however into itself "
    "just know like little long look made make many might mine more most much must myself near never nothing "
    "often once only other others ought over perhaps quite rather really said same seem seemed seen shall should "
    "since some something soon still such take than that their them themselves then there therefore these they "
    "thing things think this those though thought through time took toward towards under until upon used very "
    "want well went were what when where whether which while whole whom whose will with within without would "
    "your yours yourself".split()
)


@dataclass
class Text:
    kind: int
    title: str
    body: str
    held_out: bool
    questions: list[tuple[str, str]] = field(default_factory=list)  # (question, answer)


def _rows(path: Path) -> Iterator[dict]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_texts(corpus: Path) -> Iterator[Text]:
    for row in _rows(corpus / "books.jsonl.xz"):
        yield Text(BOOK, row["title"], row["text"], row["title"] in HELD_OUT_BOOKS)
    for row in _rows(corpus / "prose.jsonl.xz"):
        yield Text(PROSE, row["title"], row["text"], False)
    for row in _rows(corpus / "squad-train.jsonl.xz"):
        questions = [(qa["question"].strip(), qa["answers"][0]) for qa in row["qas"] if qa["answers"]]
        yield Text(SQUAD, row["title"], row["context"].strip(), title_is_held_out(row["title"]), questions)


def split_sentences(text: str) -> list[str]:
    """Pieces that join back to the text; each starts with the white space before its sentence."""
    pieces, start = [], 0
    for match in SENTENCE_END.finditer(text):
        end = match.start() if match.group().startswith("\n") else match.end()
        if end <= start or (text[end - 1] == "." and ABBREVIATION.search(text[max(start, end - 12) : end])):
            continue
        pieces.append(text[start:end])
        start = end
    if text[start:].strip():
        pieces.append(text[start:])
    return pieces


def content_words(sentence: str) -> list[str]:
    return [w for w in WORD.findall(sentence) if w.lower() not in STOPWORDS]


def word_id(word: str) -> int:
    return zlib.crc32(word.lower().encode())


def sentence_flags(piece: str, words: int, tokens: int, kind: int) -> int:
    sentence = piece.strip()
    flags = PARAGRAPH if piece.startswith("\n") or not piece[:1].isspace() else 0
    ends_well = sentence[-1:] in ".!?…" or sentence[-2:-1] in ".!?…"
    if words >= 3 and 8 <= tokens <= 90 and ends_well and "\n" not in sentence:
        flags |= QUOTABLE
    if kind == BOOK and flags & PARAGRAPH and len(sentence) < 70 and CHAPTER.match(sentence):
        flags |= HEADING
    return flags


_tokenizer: Tokenizer | None = None


def _tokenised(text: Text) -> tuple[np.ndarray, list[int], np.ndarray, list[int], list[int]]:
    """Tokens, tokens per sentence, content word ids, words per sentence, flags of one text."""
    assert _tokenizer is not None
    ids, id_counts, words, word_counts, flags = [], [], [], [], []
    for piece in split_sentences(text.body):
        piece_ids = _tokenizer.encode(piece)
        piece_words = [word_id(w) for w in content_words(piece)]
        ids += piece_ids
        words += piece_words
        id_counts.append(len(piece_ids))
        word_counts.append(len(piece_words))
        flags.append(sentence_flags(piece, len(piece_words), len(piece_ids), text.kind))
    return np.array(ids, np.uint16), id_counts, np.array(words, np.uint32), word_counts, flags


def offsets(counts: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.array(counts, np.int64))])


def build(corpus: Path, tokenizer: Tokenizer, store: Path, workers: int | None = None) -> None:
    global _tokenizer
    _tokenizer = tokenizer
    texts = list(read_texts(corpus))
    # The longest first, so that no worker is left alone with a long book at the end.
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i].body))
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        results = dict(zip(order, pool.imap(_tokenised, [texts[i] for i in order], chunksize=4)))
    done = [results[i] for i in range(len(texts))]
    store.mkdir(parents=True, exist_ok=True)
    np.save(store / "tokens.npy", np.concatenate([d[0] for d in done]))
    np.save(store / "sentence_tokens.npy", offsets([n for d in done for n in d[1]]))
    np.save(store / "words.npy", np.concatenate([d[2] for d in done]))
    np.save(store / "sentence_words.npy", offsets([n for d in done for n in d[3]]))
    np.save(store / "flags.npy", np.array([f for d in done for f in d[4]], np.uint8))
    np.save(store / "text_sentences.npy", offsets([len(d[1]) for d in done]))
    about = [(t.kind, t.title, t.held_out, t.questions) for t in texts]
    (store / "texts.tmp").write_bytes(pickle.dumps(about))
    (store / "texts.tmp").replace(store / "texts.pickle")  # last: see is_complete


def is_complete(store: Path) -> bool:
    return (store / "texts.pickle").exists()


def main() -> None:
    from .tokenizer_train import load_learned

    corpus, tables, store = (Path(arg) for arg in sys.argv[1:4])
    tokenizer = Tokenizer.from_gguf(tables) if tables.suffix == ".gguf" else load_learned(tables)
    began = time.time()
    build(corpus, tokenizer, store, int(sys.argv[4]) if len(sys.argv) > 4 else None)
    total = len(np.load(store / "tokens.npy", mmap_mode="r"))
    print(f"{total:,} tokens in {store}, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
