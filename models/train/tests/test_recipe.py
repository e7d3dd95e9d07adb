"""What can be checked in seconds, without a corpus or a GPU."""

from __future__ import annotations

import random
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np

from train import cloze, compare, curriculum, facts, figures, gguf, weights
from train.corpus_build import split_sentences
from train.doubt import Doubt
from train.questions import Turn
from train.renaming import Renaming
from train.rewording import reworded
from train.rows import answer_ids, stretched_places
from train.settings import CONTEXT, FIND, READ_SHORT, REFUSE, ROW_PLANS, SHORT, STEP_SCORED, STEP_TOKENS, Shape
from train.tokenizer import Tokenizer, byte_symbols

TOY = Shape(layers=2, width=64, heads=4, kv_heads=2, head_dim=16, ffn=96, vocab=300, rope_pairs=3)


def toy_weights() -> weights.Weights:
    rng = np.random.default_rng(1)
    kv = TOY.kv_heads * TOY.head_dim
    shapes = {"attn_norm": (64,), "ffn_norm": (64,), "attn_q": (64, 64), "attn_k": (kv, 64), "attn_v": (kv, 64),
              "attn_output": (64, 64), "ffn_gate": (96, 64), "ffn_up": (96, 64), "ffn_down": (64, 96)}
    of = lambda name: (300, 64) if "embd" in name else (64,) if name.startswith("output") else shapes[name.split(".")[2]]
    return {name: rng.standard_normal(of(name)).astype(np.float32) for name in weights.tensor_names(TOY.layers)}


class Files(unittest.TestCase):
    def test_gguf_returns_what_was_written(self) -> None:
        made = toy_weights()
        tokenizer = Tokenizer(["<|end|>", "<|doc|>", "<|user|>", "<|assistant|>", "<|pad|>", *byte_symbols()], [])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "toy.gguf"
            weights.write_gguf_weights(path, made, TOY, tokenizer)
            found, back = weights.read_model(path, replace(TOY, rope_pairs=8))
            self.assertEqual(found, TOY)
            file = gguf.read_gguf(path)
            del file.tensors[weights.ROPE_FACTORS]
            gguf.write_gguf(Path(folder) / "earlier.gguf", file)
            self.assertEqual(weights.read_model(Path(folder) / "earlier.gguf", TOY)[0], replace(TOY, rope_pairs=8))
            self.assertEqual(Tokenizer.from_gguf(path).decode(tokenizer.encode("Ekström, 5 €")), "Ekström, 5 €")
        for name, values in made.items():
            # Q8_0 rounds to 1/127 of a block's largest value; its f16 scale adds a little.
            limit = np.abs(values).max() / 127 * 0.51 + 4e-3 if values.ndim == 2 else 0.0
            self.assertLessEqual(np.abs(back[name] - values).max(), limit, name)

    def test_safetensors_keep_bf16(self) -> None:
        made = toy_weights()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "toy.safetensors"
            weights.write_safetensors(path, made)
            found, back = weights.read_model(path, TOY)
            self.assertIs(found, TOY)
        for name, values in made.items():
            np.testing.assert_allclose(back[name], values, rtol=2**-8)

    def test_head_rows_go_there_and_back(self) -> None:
        matrix = np.arange(64 * 8, dtype=np.float32).reshape(64, 8)
        there = weights.to_interleaved(matrix, 16)
        self.assertFalse(np.array_equal(there, matrix))
        np.testing.assert_array_equal(weights.to_halves(there, 16), matrix)
        self.assertEqual(there[1, 0], matrix[8, 0])  # pair (0, 8) of a head becomes (0, 1)


class Data(unittest.TestCase):
    def test_facts_hold_their_value_and_keys_differ(self) -> None:
        rng = random.Random(3)
        families = facts.plant(rng, ["lantern", "wharf"], 200)
        for family in families:
            self.assertEqual(len({fact.sentence for fact in family}), len(family))
            for fact in family:
                self.assertIn(fact.value.lower(), fact.sentence.lower())
                self.assertTrue(any(fact.sentence in text for text in fact.planted))
                self.assertFalse(set(fact.questions) & set(fact.missing))

    def test_a_renamed_paragraph_still_answers_its_question(self) -> None:
        paragraph = "In 1889 the engineer Gustave Eiffel built a tower. It stands near the Seine, and Eiffel paid 120 workers."
        question, answer, changed = "Who paid 120 workers in 1889?", "Eiffel", 0
        for seed in range(20):
            names = Renaming(["Barlow", "Toledo", "Okafor"], random.Random(seed))
            names.learn(paragraph)
            text, asked, wanted = (names.apply(part) for part in (paragraph, question, answer))
            self.assertIn(f"and {wanted} paid", text)
            self.assertIn(asked.split(" ")[2] + " workers", text)
            self.assertTrue(asked.startswith("Who paid ") and text.startswith("In "))
            changed += wanted != answer
        self.assertGreater(changed, 8)

    def test_sentences_join_back(self) -> None:
        text = "Mr. Fogg rose. “Why?” asked Passepartout.\n\nIt was 8.30 a.m. then. Nobody knew!"
        pieces = split_sentences(text)
        self.assertEqual("".join(pieces), text)
        self.assertEqual(pieces[0], "Mr. Fogg rose.")


class Wording(unittest.TestCase):
    def test_a_made_question_asks_for_a_span_and_does_not_name_it(self) -> None:
        sentence = "The old bridge over the river was opened by Clara Novak in 1883, because the ferry had burned down."
        made = [cloze.make(sentence, random.Random(seed)) for seed in range(80)]
        pairs = {(one.answer, one.question.split()[0]) for one in made if one}
        self.assertIn(("1883", "When"), pairs)
        self.assertIn("Clara Novak", {answer for answer, _ in pairs})
        for one in filter(None, made):
            self.assertIn(one.answer, sentence)
            self.assertNotIn(one.answer, one.question)
            self.assertTrue(one.question.endswith("?"))

    def test_rewording_leaves_names_and_numbers(self) -> None:
        question = "When was the large bridge of Anna Petrov built, in 1883 or later?"
        for seed in range(60):
            changed = reworded(question, random.Random(seed), same=0.9, ending=0.5, fewer=0.5)
            for kept in ("When was", "Anna Petrov", "1883"):
                self.assertIn(kept, changed)

    def test_an_answer_says_what_each_token_counts_for(self) -> None:
        tokenizer = Tokenizer(["<|end|>", "<|doc|>", "<|user|>", "<|assistant|>", "<|pad|>", *byte_symbols()], [])
        for turn in (Turn("reading", "?", "It rained.", "rain"), Turn("fact", "?", "It rained.", "rain"), Turn("absent", "?", None)):
            ids, weights, marks = answer_ids(turn, tokenizer)
            self.assertEqual((len(ids), len(ids)), (len(weights), len(marks)))
            self.assertEqual(tokenizer.decode(ids[:-1]), turn.answer)
            short = [READ_SHORT if turn.kind == "reading" else SHORT] * len(" rain")
            self.assertEqual(marks[-1 - len(short) : -1] if turn.short else marks[:1], short if turn.short else [REFUSE])

    def test_a_copy_is_in_doubt_where_the_document_forks(self) -> None:
        #          he had come .  he had gone .  so he had come
        document = [5, 6, 7, 9, 5, 6, 8, 9, 4, 5, 6, 7]
        self.assertEqual(Doubt(document).at([5, 6, 8, 9]).tolist(), [True, False, True, False])
        self.assertEqual(Doubt(document).at([4, 5, 6, 7]).tolist(), [True, False, False, False])
        tokenizer = Tokenizer(["<|end|>", "<|doc|>", "<|user|>", "<|assistant|>", "<|pad|>", *byte_symbols()], [])
        doubt = Doubt(tokenizer.encode("I saw it was a day. I saw it was the night."))
        ids, _, marks = answer_ids(Turn("keyword", "?", "I saw it was the night."), tokenizer, doubt)
        forks = [i for i, mark in enumerate(marks) if mark == FIND]
        self.assertEqual(tokenizer.decode(ids[forks[-1] :]), "the night.”<|end|>")

    def test_stretched_places_keep_the_turns_together(self) -> None:
        for seed in range(50):
            places = stretched_places(2_048, 900, random.Random(seed))
            steps = np.diff(places)
            self.assertTrue((steps >= 1).all() and (steps[900:] == 1).all())
            self.assertEqual(places[0], 0)
            self.assertLess(places[-1], CONTEXT)


class Figures(unittest.TestCase):
    def test_settings_are_compared_in_pairs(self) -> None:
        mark = lambda item, right: figures.Mark(4_096, "keyword quote", str(item), right)
        dense, sparse = [mark(i, i < 90) for i in range(100)], [mark(i, 1 <= i < 90 or i == 99) for i in range(100)]
        change = figures.difference(dense, sparse)[4_096]
        self.assertEqual((change["of"], change["lost"], change["gained"], change["points"]), (100, 1, 1, 0.0))
        self.assertEqual((change["before"], change["after"]), (90, 90))
        self.assertIn("| 90 → 90 of 100 (", compare.table(dense, sparse))
        self.assertIn("| sentence quoted from keywords | 90 of 100 (83–94 %) |", figures.table(dense, [4_096]))


class Schedule(unittest.TestCase):
    def test_every_length_makes_the_same_step(self) -> None:
        for length, plan in ROW_PLANS.items():
            self.assertEqual(plan.rows * length, STEP_TOKENS)
            self.assertEqual(plan.rows * plan.scored, STEP_SCORED)
            self.assertLess(plan.questions, length)

    def test_time_is_shared_as_planned(self) -> None:
        for stage in curriculum.STAGES:
            picker, spent = curriculum.Picker(stage), {}
            for _ in range(2_000):
                mode = picker.pick(0.9)
                seconds = 0.1 + mode.length / (3e5 if mode.sparse else 1e5)
                picker.add(mode, seconds)
                spent[mode] = spent.get(mode, 0.0) + seconds
            for mode, share in curriculum.shares(stage, 0.9).items():
                self.assertAlmostEqual(spent[mode] / sum(spent.values()), share, delta=0.02)

    def test_rate_falls_to_its_floor(self) -> None:
        for stage, peak in curriculum.PEAK.items():
            self.assertAlmostEqual(curriculum.rate(stage, 1.0, 10_000), peak * curriculum.LAST_RATE)
            self.assertEqual(curriculum.rate(stage, 0.1, 10_000), peak)
            self.assertLess(curriculum.rate(stage, 0.1, 0), 0.05)


if __name__ == "__main__":
    unittest.main()
