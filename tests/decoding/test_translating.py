"""Translating lines: order, batches, what cannot be read, and lines that are too long."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.decoding.pair_models import make
from tests.generation.symbol_models import text_model
from tests.models.pair_models import make as make_of_sound
from tests.refusals import assert_says, refuses
from undertow.alphabets.subwords import train_subwords
from undertow.decoding.translating import Translation, check_translator, translate, translate_lines
from undertow.emissions import Sampling
from undertow.errors import DataError, UsageError
from undertow.models import Seq2Seq
from undertow.options import Search

LINES = ["abc", "", "fedcba", "a", "  ", "abcdefabcdef", "cab"]
MEL = dict(kind="mel", sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=3)


@pytest.fixture(scope="module")
def model() -> Seq2Seq:
    return make("transformer", "pre-norm", "abcdef ")


def of_sound() -> Seq2Seq:
    return make_of_sound("transformer", "pre-norm", source=None, features=MEL).double().eval()


def close(some: Any, others: Any) -> None:
    for one, other in zip(some, others, strict=True):
        assert (one.texts, one.kind, one.ended) == (other.texts, other.kind, other.ended)
        np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=1e-9)


@pytest.mark.parametrize("how", [dict(n_best=3), dict(beam=1), dict(sampling=Sampling(), n_best=2, seed=3)])
def test_batches_change_nothing(model: Seq2Seq, how: dict[str, Any]) -> None:
    lines = [line.replace("  ", "") for line in LINES]
    whole = translate(model, lines, **how, max_length=12)
    close(translate(model, lines, **how, max_length=12, batch_size=2).lines, whole.lines)
    close(translate(model, lines, **how, max_length=12, cached=False).lines, whole.lines)
    groups = [lines[:2], [], lines[2:3], lines[3:]]
    close(translate_lines(model, groups, Search(**{"beam": 5, **how}, max_length=12)), whole.lines)


def test_what_is_told_of_lines(model: Seq2Seq) -> None:
    calls: list[tuple[int, int]] = []
    found = translate(model, LINES, batch_size=2, max_length=9, progress=lambda *done: calls.append(done))
    assert calls == [(2, 5), (4, 5), (5, 5)] and len(found.lines) == len(found.texts) == 7
    assert [line.kind for line in found.lines] == ["written", "empty", *["written"] * 2, "empty", *["written"] * 2]
    assert found.texts[1] == found.texts[4] == "" and found.lines[1] == Translation()
    assert found.num_symbols == sum(len(line.texts[0]) + 1 for line in found.written) and found.seconds > 0
    assert math.isclose(found.mean_log_prob, np.mean([line.log_probs[0] for line in found.written]))
    assert math.isclose(found.mean_score, np.mean([line.scores[0] for line in found.written]))
    assert "2 empty lines" in found.notes[0]
    assert not translate(model, []).lines and math.isnan(translate(model, [""]).mean_score)


def test_a_line_that_is_cut_by_the_limit_is_told(model: Seq2Seq) -> None:
    found = translate(model, ["abc"], max_length=1)
    assert found.texts == [""] and found.lines[0].ended == (False,)
    assert found.notes == ("1 translation reached the maximum length and was cut off",)


def test_groups_are_translated_as_they_come(model: Seq2Seq) -> None:
    asked = []

    def groups() -> Any:
        for line in ("abc", "a"):
            asked.append(line)
            yield [line]

    stream = translate_lines(model, groups())
    assert asked == [] and next(stream).kind == "written" and asked == ["abc"]
    assert len(list(stream)) == 1 and asked == ["abc", "a"]


def test_long_lines_are_refused_split_or_skipped(model: Seq2Seq) -> None:
    long = "abc " * 15 + "f"
    with refuses(UsageError, "line 2", "61 characters", 47):
        translate(model, ["abc", long])
    skipped = translate(model, ["abc", long], long_lines="skip")
    assert skipped.texts[1] == "" and skipped.lines[1].kind == "skipped"
    assert_says(skipped.notes[0], "1 line", "skipped")
    split = translate(model, ["abc", long], long_lines="split", max_length=5)
    parts = translate(model, [("abc " * 8).strip(), "abc " * 7 + "f"], max_length=5)
    assert split.lines[1].kind == "split" and split.texts[1] == " ".join(parts.texts)
    assert math.isclose(split.lines[1].log_probs[0], sum(line.log_probs[0] for line in parts.lines))
    assert_says(split.notes[0], "1 line", "parts")
    unbroken = translate(model, ["a" * 100], long_lines="split", max_length=3)
    assert len(unbroken.texts[0].split(" ")) == 4
    translate(model, ["a" * 47])


def test_what_cannot_be_read_is_named_by_line(model: Seq2Seq) -> None:
    with refuses(DataError, "line 3", "character 'z' (U+007A)", "position 2", "alphabet"):
        translate(model, ["abc", "", "azb"])
    with refuses(DataError, "line 2", "character 'Q'"):
        list(translate_lines(model, [["abc"], ["Q"]]))
    with refuses(UsageError, "line 1", "text"):
        translate(model, [np.zeros((3, 3), np.float32)])


def test_other_models_are_refused(model: Seq2Seq) -> None:
    with refuses(UsageError, "translate"):
        check_translator(text_model())
    with refuses(UsageError, "translate"):
        check_translator(of_sound())
    assert [one.num_symbols for one in check_translator(model)] == [7, 7]


@pytest.mark.parametrize(
    ("wrong", "part"),
    [(dict(beam=0), "beam is 0"), (dict(n_best=6), "n_best is 6"), (dict(batch_size=0), "batch_size is 0")]
    + [(dict(seed=-1), "seed is -1"), (dict(sampling=Sampling(), n_best=0), "n_best is 0")],
)
def test_numbers_out_of_range_are_refused_before_anything(model: Seq2Seq, wrong: dict[str, Any], part: str) -> None:
    with refuses(UsageError, part):
        translate(model, [], **wrong)


def test_sound_is_written_down() -> None:
    model, random = of_sound(), np.random.default_rng(1)
    frames = [random.normal(size=(length, 3)).astype(np.float32) for length in (9, 4, 20)]
    found = translate(model, frames, n_best=2, max_length=8)
    for one, line in zip(frames, found.lines, strict=True):
        close(translate(model, [one], n_best=2, max_length=8).lines, [line])
    with refuses(UsageError, "source 1", "sound", "(F, 3)"):
        translate(model, [frames[0][:, :2]])
    with refuses(UsageError, "source 2", "49 frames", 48):
        translate(model, [frames[0], np.zeros((49, 3), np.float32)])
    with refuses(DataError, "source 1", "frame"):
        translate(model, [frames[0][:0]])
    with refuses(DataError, "source 1", "NaN"):
        translate(model, [np.full((2, 3), np.nan, np.float32)])


def test_translating_leaves_a_model_in_training() -> None:
    model = make("transformer", "pre-norm").train()
    translate(model, ["abc"], beam=2, max_length=4)
    assert model.training and all(parameter.requires_grad for parameter in model.parameters())
    assert torch.is_grad_enabled()


def test_white_space_around_a_line_is_not_read(model: Seq2Seq) -> None:
    close(translate(model, [" abc cab", "abc cab \t", "abc cab\n"]).lines, translate(model, ["abc cab"] * 3).lines)


def of_subwords() -> Seq2Seq:
    """A model that writes "a", "b", any of six longer pieces of both, or the end, each as likely at every step."""
    config = train_subwords(["abab abba baba bab ab"] * 9, 262)
    model = make("rnn", "gru", text=dict(kind="subwords", size=config.size, tokenizer=config.tokenizer))
    head = model.network.decoder.head
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(-9.0)
        head.bias[[*model.alphabet.encode("a"), *model.alphabet.encode("b"), *range(256, 263)]] = 3.0
    return model


def test_the_best_of_subwords_are_different_texts() -> None:
    model, how = of_subwords(), dict(beam=60, max_length=3, length_penalty=0.0)
    whole = translate(model, ["ab"], n_best=60, **how).lines[0]
    assert 5 < len(set(whole.texts)) == len(whole.texts) < 60
    few = translate(model, ["ab"], n_best=5, **how).lines[0]
    assert few.texts == whole.texts[:5] and few.scores == whole.scores[:5]


def test_every_draw_is_given(model: Seq2Seq) -> None:
    found = translate(model, ["abc"], sampling=Sampling(temperature=0.0), n_best=3, max_length=6).lines[0]
    assert len(found.texts) == len(found.scores) == 3 and len(set(found.texts)) == 1
