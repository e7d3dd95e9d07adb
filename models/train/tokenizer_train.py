"""Owns learning a vocabulary from the corpus (only for a model trained from scratch).

Needs the `tokenizers` package. Usage: python3 -m train.tokenizer_train CORPUS OUT.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .corpus_build import read_texts
from .settings import CONTROL_TOKENS, MINI
from .tokenizer import Tokenizer


def learn(corpus: Path, vocab: int) -> tuple[list[str], list[str]]:
    """Tokens in id order and merges in rank order, learned on every third text."""
    from tokenizers import Tokenizer as Learner
    from tokenizers import decoders, models, pre_tokenizers, trainers

    learner = Learner(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=list(CONTROL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    texts = [text.body for i, text in enumerate(read_texts(corpus)) if i % 3 == 0 and not text.held_out]
    learner.train_from_iterator(texts, trainer)
    model = json.loads(learner.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return tokens, merges


def load_learned(path: Path) -> Tokenizer:
    tables = json.loads(path.read_text("utf-8"))
    return Tokenizer(tables["tokens"], tables["merges"])


def main() -> None:
    corpus, out = Path(sys.argv[1]), Path(sys.argv[2])
    tokens, merges = learn(corpus, MINI.vocab)
    out.write_text(json.dumps({"tokens": tokens, "merges": merges}, ensure_ascii=False), "utf-8")
    print(f"{len(tokens)} tokens, {len(merges)} merges -> {out}")


if __name__ == "__main__":
    main()
