"""Owns the numbers every step of the recipe shares: shape, seeds, held-out lists, lengths."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

SEED = 20261124
CONTEXT = 131_072

# Ids of the control tokens; the chat template in the GGUF spells the same names.
END, DOC, USER, ASSISTANT, PAD = 0, 1, 2, 3, 4
CONTROL_TOKENS = ("<|end|>", "<|doc|>", "<|user|>", "<|assistant|>", "<|pad|>")
CHAT_TEMPLATE = (
    "{%- for m in messages -%}{%- if m['role'] == 'system' -%}<|doc|>{{ m['content'] }}"
    "{%- elif m['role'] == 'user' -%}<|user|>{{ m['content'] }}<|assistant|>"
    "{%- else -%}{{ m['content'] }}<|end|>{%- endif -%}{%- endfor -%}"
)
NOT_FOUND = "Not found in the document."

# Books no training row ever reads; long enough for documents of 131,072 tokens.
HELD_OUT_BOOKS = frozenset(
    {"Jane Eyre", "Far from the Madding Crowd", "Around the World in Eighty Days"}
)


@dataclass(frozen=True)
class Shape:
    """Dimensions of the Llama-architecture network, in the letters of native/README.md."""

    layers: int = 8  # L
    width: int = 512  # C
    heads: int = 8  # H
    kv_heads: int = 4  # G
    head_dim: int = 64  # D
    ffn: int = 1408  # F
    vocab: int = 8192  # V
    rope_base: float = 2e6
    # Pairs of a head that RoPE turns, the fastest first: up to 2,280 tokens a turn. The others compare what
    # tokens mean, however far apart (README.md).
    rope_pairs: int = 14
    eps: float = 1e-5


MINI = Shape()


STEP_TOKENS = 131_072  # every step, whatever its row length
STEP_SCORED = 49_152  # places of a step whose next token may count in the loss

# What a scored place is, for the figures in the log: whether to quote or to refuse at all, the first
# words of a quotation and the short answer (planted and made questions; then SQuAD's), a refusal.
OTHER, DECIDE, FIND, SHORT, READ_FIND, READ_SHORT, REFUSE, TEXT = range(8)
MARKS = 8
MARK_NAMES = ("other", "decide", "find", "short", "read find", "read short", "refuse", "text")


@dataclass(frozen=True)
class RowPlan:
    """How a training row of one length is filled."""

    length: int
    questions: int  # tokens kept for question turns, at most
    facts: tuple[int, int]  # how many planted facts, least and most
    text: float  # what a scored token of the document weighs
    stretched: float  # share of rows whose document is told to lie further apart than it does
    turns: dict[str, float]  # share of each kind of turn; a kind that the document cannot serve gives way to the others
    mixes: dict[str, float]  # share of each kind of document, see `document`
    dropout: float  # of embedding, attention's output and last state
    fewest: float = 0.6  # the least a row keeps for question turns, as a share of `questions`

    @property
    def rows(self) -> int:
        return STEP_TOKENS // self.length

    @property
    def scored(self) -> int:
        return STEP_SCORED // self.rows


# Short rows teach reading: SQuAD's are the only questions people wrote. Long rows teach finding, where
# sentences of novels are hardest to tell apart; the longest little else.
SHORT_TURNS = {"fact": 20, "keyword": 22, "reading": 46, "cloze": 14, "blank": 3, "stretch": 5, "chapter": 1, "absent": 15}
LONG_TURNS = {"fact": 14, "keyword": 48, "reading": 22, "cloze": 12, "blank": 3, "stretch": 6, "chapter": 1, "absent": 11}
LONGEST_TURNS = {"fact": 14, "keyword": 66, "reading": 18, "cloze": 8, "blank": 3, "stretch": 6, "chapter": 1, "absent": 14}
SHORT_MIXES = {"book": 5, "prose": 3, "articles": 9, "patchwork": 3}
LONG_MIXES = {"book": 9, "prose": 3, "articles": 5, "patchwork": 4}
LONGEST_MIXES = {"book": 12, "prose": 3, "articles": 4, "patchwork": 3}
# A long step's time goes into reading the document; hundreds of turns after it cost nearly nothing.
ROW_PLANS = {
    2_048: RowPlan(2_048, 1_150, (2, 7), 0.25, 0.15, SHORT_TURNS, SHORT_MIXES, 0.2),
    4_096: RowPlan(4_096, 2_000, (4, 12), 0.25, 0.35, SHORT_TURNS, SHORT_MIXES, 0.2),
    16_384: RowPlan(16_384, 8_000, (8, 30), 0.15, 0.5, SHORT_TURNS, SHORT_MIXES, 0.1, 0.4),
    65_536: RowPlan(65_536, 24_000, (30, 70), 0.06, 0.3, LONG_TURNS, LONG_MIXES, 0.03, 0.4),
    131_072: RowPlan(131_072, 36_000, (40, 100), 0.04, 0.0, LONGEST_TURNS, LONGEST_MIXES, 0.0, 0.25),
}


def title_is_held_out(title: str) -> bool:
    """About one SQuAD article in twenty is kept for evaluation, chosen by its name alone."""
    return zlib.crc32(title.encode()) % 20 == 7
