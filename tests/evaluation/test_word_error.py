"""Word and character error: known distances, what they are rates of, and a recogniser's score."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from undertow.config import parse
from undertow.data.pair_batches import collate_pairs
from undertow.data.pairs import PairSet
from undertow.decoding.translating import translate
from undertow.evaluation.word_error import (
    BETTER,
    Errors,
    Heard,
    character_errors,
    edit_distance,
    score_transcripts,
    word_errors,
)
from undertow.models import Seq2Seq
from undertow.options import SEARCH


def slow_distance(one: str, other: str) -> int:
    """By its definition."""
    if not one or not other:
        return len(one) + len(other)
    kept = slow_distance(one[1:], other[1:]) + (one[0] != other[0])
    return min(kept, slow_distance(one[1:], other) + 1, slow_distance(one, other[1:]) + 1)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("", "", 0), ("intention", "execution", 5)],
)
def test_known_distances(one: str, other: str, expected: int) -> None:
    assert edit_distance(one, other) == expected == edit_distance(other, one)


def test_every_short_pair() -> None:
    words = ["".join(letters) for length in range(5) for letters in itertools.product("ab", repeat=length)]
    assert all(edit_distance(one, other) == slow_distance(one, other) for one in words for other in words)


def test_word_error_is_of_the_words_that_were_said() -> None:
    said = ["the cat sat on the mat", "yes"]
    errors = word_errors(["the cat sit on mat", "oh yes"], said)
    assert (errors.wrong, errors.number) == (3, 7) and errors.rate == pytest.approx(3 / 7)
    assert word_errors(["a b c"], ["d"]).rate == 3.0
    assert word_errors(["  yes "], ["yes"]).wrong == 0
    assert word_errors([], []).rate == 0.0


def test_character_error() -> None:
    errors = character_errors(["for", "nine"], ["four", "nine"])
    assert (errors.wrong, errors.number) == (1, 8)


def recogniser() -> Seq2Seq:
    """Of three mel bands, with random weights."""
    network = dict(kind="transformer", encoder_layers=1, decoder_layers=1, channels=8, num_heads=2, max_length=40)
    mel = dict(kind="mel", sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=3)
    text = dict(kind="characters", characters="abc")
    parts = dict(features=mel, alphabet=text, network=network, direction=("speech", "text"))
    return Seq2Seq(parse(Seq2Seq.Config, parts)).eval()


def recordings(*texts: str) -> PairSet:
    random = np.random.default_rng(0)
    sources = [random.normal(size=(5 + index, 3)).astype(np.float32) for index in range(len(texts))]
    targets = [np.array(["abc".index(one) for one in text], np.uint8) for text in texts]
    return PairSet(sources, targets, [str(index) for index in range(len(texts))], target_texts=texts, target_end=3)


def test_a_score_holds_what_is_written_against_what_is_said() -> None:
    model, pairs = recogniser(), recordings("ab", "ab", "c", "ab")
    found = score_transcripts(model, pairs, split="speaker", beam=2)
    written = translate(model, pairs.sources, beam=2).texts
    assert (found.split, found.num_clips, found.search.beam, found.constant) == ("speaker", 4, 2, 0.25)
    assert found.words == word_errors(written, pairs.target_texts) and found.words.number == 4
    assert found.characters == character_errors(written, pairs.target_texts) and found.characters.number == 7
    wrong = [(said, one) for said, one in zip(pairs.target_texts, written, strict=True) if said != one]
    assert {(said, one): count for said, one, count in found.mistakes} == Counter(wrong)
    batch = collate_pairs(pairs, range(4))
    with torch.inference_mode():
        assert found.nats_per_symbol == pytest.approx(-float(model.log_prob(batch).sum()) / 11, rel=1e-5)
    assert not found.has_learnt and "has not learnt yet" in found.verdict


def test_verdicts() -> None:
    heard = Heard("test", 2, Errors(0, 2), Errors(0, 4), 0.5, 0.1, (), SEARCH, 1.0)
    assert heard.has_learnt and heard.verdict == BETTER
    assert "is not a number" in replace(heard, nats_per_symbol=float("nan")).verdict
