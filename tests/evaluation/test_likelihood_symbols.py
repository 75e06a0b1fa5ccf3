"""Scores of text, rolls and pixels: exact sums over whole sequences, and the two protocols of bounded networks."""

import bz2
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.generation.symbol_models import CHARACTERS, FAMILIES, WAVENET, make, pixel_model, roll_model, text_model
from tests.refusals import assert_says, refuses
from undertow.alphabets import Bytes, Characters, PianoRoll
from undertow.alphabets.characters import collect
from undertow.batch import Batch
from undertow.data.sequences import SequenceSet
from undertow.data.text import encode, open_text
from undertow.errors import DataError, UsageError
from undertow.evaluation import Score, likelihood, score
from undertow.evaluation.baselines import baselines, element_counts
from undertow.models.autoregressive import Autoregressive

BOUNDED = [name for name, family in FAMILIES.items() if "max_length" in family]
FREE = [name for name in FAMILIES if name not in [*BOUNDED, "rnn_attention"]]


def words(num_symbols: int, seed: int = 0) -> np.ndarray:
    """Text of a few words, as symbols of `CHARACTERS`."""
    random = np.random.default_rng(seed)
    text = " ".join(random.choice("the cat is in wood out web hello\n".split(" "), num_symbols))
    return np.array([CHARACTERS.index(one) for one in text[:num_symbols]], np.uint8)


def texts(*lengths: int, seed: int = 0) -> SequenceSet:
    return SequenceSet([words(length, seed + index) for index, length in enumerate(lengths)])


def rolls(*lengths: int) -> SequenceSet:
    random = np.random.default_rng(1)
    return SequenceSet([(random.random((length, 88)) < 0.1).astype(np.uint8) for length in lengths])


def nats(model: Autoregressive, symbols: np.ndarray, first: int = 0) -> float:
    """Σ -log p of symbols from the `first` on, in one call from the start symbol."""
    batch = torch.from_numpy(symbols.astype(np.int64))[None]
    with torch.no_grad():
        found = model.eval().log_prob(Batch(batch, torch.ones(batch.shape[:2], dtype=torch.bool)))
    return -float(found[0, first:].sum())


@pytest.mark.parametrize(("batch_steps", "piece_steps"), [(1, 10_000), (10_000, 10_000), (200, 60), (90, 7)])
@pytest.mark.parametrize("family", FREE)
def test_is_the_exact_sum_over_whole_sequences(
    family: str, batch_steps: int, piece_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likelihood, "BATCH_STEPS", batch_steps)
    monkeypatch.setattr(likelihood, "PIECE_STEPS", piece_steps)
    model, held_out = text_model(family).train(), texts(130, 7, 40, 1)
    found = score(model, held_out)
    assert model.training and found.protocol == "full" and found.num_symbols == 178
    assert found.nats_per_symbol == pytest.approx(sum(nats(model, one) for one in held_out.sequences) / 178, rel=1e-10)


@pytest.mark.parametrize("stride", [1, 5, 32, 63, 64, None])
@pytest.mark.parametrize("family", BOUNDED)
def test_a_bounded_network_slides(family: str, stride: int | None) -> None:
    model, text = text_model(family), words(150)
    found = score(model, SequenceSet([text]), stride=stride)
    step = stride or 32
    expected = 0.0
    for begin in range(0, 150, step):
        first = max(0, begin - (64 - step))
        expected += nats(model, text[first : begin + step], begin - first)
    assert found.num_symbols == 150 and found.protocol == f"full, sliding by {step} over 64"
    assert found.nats_per_symbol == pytest.approx(expected / 150, rel=1e-10)


@pytest.mark.parametrize("family", ["transformer", "lstm"])
def test_what_a_bounded_network_can_hold_is_scored_whole(family: str) -> None:
    model, held_out = text_model(family), texts(64, 20)
    found = score(model, held_out)
    assert found.protocol == "full"
    assert found.nats_per_symbol == pytest.approx(sum(nats(model, one) for one in held_out.sequences) / 84, rel=1e-10)


@pytest.mark.parametrize("family", ["wavenet", "gru", "transformer"])
def test_windows(family: str) -> None:
    """Every window there is, each drawn about as often as the others: their mean is the mean over all of them."""
    model, text = text_model(family), words(40)
    found = score(model, SequenceSet([text]), protocol="windows", window_steps=30, num_windows=3000)
    assert found.num_symbols == 90_000 and found.protocol == "3,000 windows of 30"
    each = [nats(model, text[first : first + 31], 1) / 30 for first in range(10)]
    assert found.nats_per_symbol == pytest.approx(np.mean(each), abs=5 * np.std(each) / 3000**0.5)
    options: dict = dict(protocol="windows", window_steps=30, num_windows=20)
    again = [score(model, SequenceSet([text]), **options, seed=seed).bits_per_symbol for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]


def test_windows_fill_what_the_network_can_hold() -> None:
    options: dict = dict(protocol="windows", num_windows=2)
    assert score(text_model("transformer"), texts(64), **options).protocol == "2 windows of 63"
    assert score(text_model("gru"), texts(300), **options).protocol == "2 windows of 256"


def test_units_of_text() -> None:
    model = text_model()
    text = np.array([CHARACTERS.index(one) for one in "wéb" * 20], np.uint8)
    found = score(model, SequenceSet([text]), texts(500), split="validation")
    assert found.num_bytes == 80 and found.split == "validation" and found.seconds > 0
    assert found.bits_per_byte == pytest.approx(found.bits_per_symbol * 60 / 80)
    assert found.nats_per_symbol == pytest.approx(found.bits_per_symbol * math.log(2))
    assert found.symbols_per_second == pytest.approx(60 / found.seconds)
    assert list(found.baselines) == ["unigram", "order1", "order2", "gzip", "bzip2", "xz"]
    assert list(score(model, texts(50)).baselines) == ["gzip", "bzip2", "xz"]


@pytest.mark.parametrize("family", ["wavenet", "gru", "transformer"])
def test_rolls_are_scored_by_the_step(family: str) -> None:
    model, held_out = roll_model(family), rolls(30, 9)
    found = score(model, held_out, rolls(200, 100))
    assert found.nats_per_symbol == pytest.approx(sum(nats(model, one) for one in held_out.sequences) / 39, rel=1e-10)
    assert found.num_symbols == 39 and found.num_bytes is None and found.bits_per_byte is None
    assert found.baselines["uniform"] == 88 and found.baselines["unigram"] < 88 * 0.6
    assert "not learnt yet" in found.verdict


def test_pixels_have_baselines_too() -> None:
    pixels = SequenceSet([np.random.default_rng(0).integers(0, 4, 50).astype(np.uint8)])
    part = score(pixel_model(), pixels, pixels)
    assert list(part.baselines) == ["unigram", "order1", "order2", "xz", "uniform"] and part.nats_per_image is None


def test_images_are_scored_each_and_by_dimension() -> None:
    images = SequenceSet(list(np.random.default_rng(0).integers(0, 4, (3, 36)).astype(np.uint8)))
    found = score(pixel_model(), images)
    assert found.shape == (6, 6, 1) and found.num_sequences == 3
    assert found.nats_per_image == pytest.approx(found.nats_per_symbol * 36)
    assert found.bits_per_dim == pytest.approx(found.bits_per_symbol)
    from undertow.cli.score import other_units

    line = other_units(found)
    assert_says(line, f"{found.nats_per_image:.2f} nats/image", f"uniform = {36 * math.log(4):.2f}", "bits/dim")


def test_a_trained_model_has_learnt() -> None:
    torch.manual_seed(0)
    model, train = text_model("bytenet"), texts(400, 400)
    for parameter in model.parameters():
        parameter.data /= 2
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    symbols = torch.from_numpy(np.stack(train.sequences).astype(np.int64))
    for _ in range(40):
        optimiser.zero_grad()
        model(Batch(symbols, torch.ones_like(symbols, dtype=torch.bool))).value.backward()
        optimiser.step()
    found = score(model, texts(300, seed=9), train)
    assert found.has_learnt and found.verdict.startswith("better than unigram")


def test_labels_are_heard() -> None:
    model = make(
        dict(
            alphabet=dict(kind="characters", characters=CHARACTERS),
            network=WAVENET,
            emission=dict(kind="categorical"),
            conditioner=dict(labels={"kind": ["a", "b"]}),
        )
    )
    both = [SequenceSet([words(40)], {"kind": np.array([index])}) for index in (0, 1)]
    assert score(model, both[0]).bits_per_symbol != score(model, both[1]).bits_per_symbol


def test_the_parameters_held_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    model, sizes = text_model("lstm"), []
    plain = model.log_prob

    def watched(batch: Batch) -> torch.Tensor:
        sizes.append(batch.symbols.numel())
        return plain(batch)

    monkeypatch.setattr(likelihood, "MOST_PARAMETERS", 50 * model.emission.num_params)
    monkeypatch.setattr(model, "log_prob", watched)
    score(model, texts(*[20] * 10))
    assert max(sizes) <= 50 and sum(sizes) == 200


def test_counts_of_elements() -> None:
    train = [np.array([[0, 1], [0, 0], [0, 1], [0, 0]])]
    found = element_counts(train, [np.array([[0, 1], [0, 0]])], 2)
    assert found["unigram"] == pytest.approx(-math.log2(4.5 / 5) - math.log2(2.5 / 5))
    # order 1, second element: 0 before -> 1 twice of two, 1 before -> 0 twice of two; half a count for each symbol
    assert found["order1"] == pytest.approx(-math.log2(4.5 / 5) - math.log2(2.5 / 3))


def test_xz_codes_the_bytes_of_text() -> None:
    alphabet = Bytes(Bytes.Config())
    text = alphabet.encode("to be or not to be " * 40)
    assert 0 < baselines([], [text], alphabet)["xz"] < 1.5


def test_compressors_code_bytes_whatever_the_symbols_are() -> None:
    text = "naïve 😀 text " * 30
    found = {}
    for alphabet in (Bytes(Bytes.Config()), Characters(collect([text]))):
        symbols = alphabet.encode(text)
        bits = baselines([], [symbols], alphabet)
        found[alphabet.unit] = {name: value * len(symbols) for name, value in bits.items()}
    assert found["byte"] == pytest.approx(found["character"])
    assert found["byte"]["bzip2"] == 8 * len(bz2.compress(text.encode(), 9))


def test_shakespeare_costs_what_was_measured(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last tenth, the counts fitted on the rest."""
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    text = open_text("tinyshakespeare")
    alphabet = Characters(collect(map(bytes, text.documents)))
    train, test = (encode(text.split(split), alphabet) for split in ("train", "validation"))
    expected = {"unigram": 4.829, "order1": 3.586, "order2": 2.956, "gzip": 3.191, "bzip2": 2.635, "xz": 2.947}
    assert baselines(train, test, alphabet) == pytest.approx(expected, abs=1e-3)


def test_the_verdict_without_counts() -> None:
    assert Score(70.0, 9, "test", 1.0, {"uniform": 88.0}).verdict == "better than uniform"
    assert "not learnt" in Score(70.0, 9, "test", 1.0, {"uniform": 88.0, "unigram": 60.0}).verdict


REFUSED: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("gru", dict(stride=3), ["stride is 3"]),
    ("transformer", dict(stride=0), ["stride is 0", 1, 64]),
    ("transformer", dict(stride=65), ["stride is 65", 1, 64]),
    ("transformer", dict(stride=3, protocol="windows"), ["stride", "full"]),
    ("transformer", dict(window_steps=9), ["window_steps", "windows"]),
    ("transformer", dict(window_steps=64, protocol="windows"), ["window_steps is 64", "network"]),
    ("gru", dict(window_steps=0, protocol="windows"), ["0 steps"]),
    ("gru", dict(num_windows=0, protocol="windows"), ["0 windows"]),
]


@pytest.mark.parametrize(("family", "options", "parts"), REFUSED)
def test_refuses(family: str, options: dict[str, Any], parts: list[Any]) -> None:
    with refuses(UsageError, *parts):
        score(text_model(family), texts(300), **options)


def test_refuses_nothing_and_too_little() -> None:
    with refuses(DataError, "sequences"):
        score(text_model(), SequenceSet([]))
    with refuses(DataError, "1 + 63 steps", 40):
        score(text_model("transformer"), texts(40), protocol="windows")
    with refuses(DataError, "symbol"):
        baselines([], [], PianoRoll(PianoRoll.Config()))


@pytest.mark.parametrize(
    ("score", "how", "units"),
    [
        (Score(2.0, 1000, "test", 2.0, {"xz": 3.0}), "1,000 samples with torch, float32, in 2.0 s", ""),
        (
            Score(2.0, 1000, "test", 2.0, {"xz": 3.0}, protocol="9 windows of 8", num_bytes=4000, unit="token"),
            "1,000 tokens (9 windows of 8) with torch, float32, in 2.0 s",
            "1.3863 nats/token, 0.5000 bits/byte",
        ),
        (
            Score(2.0, 9, "test", 2.0, {"xz": 3.0}, unit="step"),
            "9 steps with torch, float32, in 2.0 s",
            "1.3863 nats/step",
        ),
    ],
)
def test_how_a_score_is_printed(score: Score, how: str, units: str) -> None:
    from undertow.cli import score as verb

    assert verb.how(score) == how and verb.other_units(score) == units
    assert verb.bits(score)["bits_per_byte"] == score.bits_per_byte


def test_windows_are_no_longer_than_the_longest_sequence() -> None:
    found = score(text_model("gru"), texts(20, 31), protocol="windows", num_windows=2)
    assert found.protocol == "2 windows of 30"
