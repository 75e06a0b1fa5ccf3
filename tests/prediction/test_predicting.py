"""What a classifier or a regressor predicts of new items: values, batches, one item, what cannot be used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import undertow as ut
from tests.data.sounds import tone, write
from tests.models.readers import ALPHABET, SHAPES, TCN
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.config import parse
from undertow.models import Classifier, Regressor
from undertow.prediction import predict

SOUND = {"alphabet": {"kind": "mu_law", "num_levels": 16}, "sample_rate": 8000}
TEXTS = ["abc", "gfedcba", "a", "ccccc", "bad", "a" * 30]


def classifier(**changes: Any) -> Classifier:
    torch.manual_seed(3)
    values = {"alphabet": ALPHABET, "network": TCN, "label": "kind", "classes": ("bad", "good", "ugly")}
    model = Classifier(parse(Classifier.Config, {**values, "reading": "mean", **changes})).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 2
    return model


def probabilities(model: Any, symbols: Any) -> np.ndarray:
    """(K,) or (T, K) by the model itself, of one sequence alone."""
    row = torch.as_tensor(np.asarray(symbols))[None]
    counted = torch.ones(row.shape[:2], dtype=torch.bool)
    with torch.inference_mode():
        return model.log_prob(Batch(symbols=row, counted=counted)).exp()[0].numpy()


@pytest.mark.parametrize("reading", ["last", "mean"])
@pytest.mark.parametrize("shape", ["tcn", "lstm", "transformer"])
def test_fault_21_probabilities_are_those_of_the_model(shape: str, reading: str) -> None:
    model = classifier(network=SHAPES[shape], reading=reading)
    found = predict(model, TEXTS)
    assert (found.label, found.classes, found.faults, found.notes) == ("kind", ("bad", "good", "ugly"), [], [])
    for text, row in zip(TEXTS, found.rows, strict=True):
        expected = probabilities(model, model.alphabet.encode(text).astype(np.int64))
        assert [row.probabilities[name] for name in found.classes] == pytest.approx(expected.tolist(), abs=1e-12)
        assert row.value == found.classes[int(expected.argmax())] == next(iter(row.probabilities))
        assert sum(row.probabilities.values()) == pytest.approx(1) and row.name == text
        assert list(row.probabilities.values()) == sorted(row.probabilities.values(), reverse=True)
    assert len({row.probabilities["bad"] for row in found.rows}) == len(TEXTS)


def test_fault_21_one_item_gives_one_result(tmp_path: Path) -> None:
    model, calls = classifier(), []
    one = predict(model, "abc", progress=lambda *done: calls.append(done))
    assert one.probabilities == pytest.approx(predict(model, ["abc"]).rows[0].probabilities) and calls == [(1, 1)]
    (tmp_path / "a.txt").write_text("abc")
    assert predict(model, tmp_path / "a.txt").value == one.value
    assert predict(model, model.alphabet.encode("abc").astype(np.int64)).probabilities == pytest.approx(
        one.probabilities
    )
    assert predict(model, []).rows == ut.predict(model, []).rows == ()


def test_fault_21_one_bad_item_does_not_lose_the_others() -> None:
    model = classifier()
    found = predict(model, ["abc", "abz", "", "bad"], skip_bad=True)
    assert [value is None for value in found.values] == [False, True, True, False] and len(found.faults) == 2
    assert "item 2" in found.faults[0] and "'z'" in found.faults[0] and "item 3" in found.faults[1]
    with refuses(ut.DataError, "item 2", "'z'"):
        predict(model, ["abc", "abz"])


def test_a_text_longer_than_the_model_reads_is_cut() -> None:
    model = classifier(network=SHAPES["transformer"])
    one = predict(model, "ab" * 30)
    assert "60 " in one.notes[0] and "39" in one.notes[0]
    assert one.probabilities == pytest.approx(predict(model, ("ab" * 30)[:39]).probabilities)


def test_sounds_at_the_rate_of_the_model(tmp_path: Path) -> None:
    model, wave = classifier(**SOUND), tone(0.05)
    write(tmp_path / "a.wav", wave)
    write(tmp_path / "b.wav", np.stack([tone(0.05, 16000)] * 2, axis=1), 16000)
    write(tmp_path / "silent.wav", np.zeros(800, np.float32))
    files = [tmp_path / f"{name}.wav" for name in ("a", "b", "silent", "none")]
    found = predict(model, files, skip_bad=True)
    assert found.rows[0].probabilities == pytest.approx(predict(model, wave).probabilities, abs=0.01)
    assert [row.name for row in found.rows] == [str(path) for path in files] and "16000" in found.notes[1]
    assert [value is None for value in found.values] == [False, False, True, True] and "silent" in found.faults[0]
    with refuses(ut.DataError, "none.wav"):
        predict(model, str(files[3]))


def test_numbers_and_classes_of_steps() -> None:
    numbers = {"alphabet": {"kind": "numbers", "num_elements": 2}, "network": {**TCN, "input": "scalar"}}
    numbers["network"].pop("embedding_channels")
    regressor = Regressor(parse(Regressor.Config, {**numbers, "label": "sum"})).double().eval()
    series = np.random.default_rng(0).random((7, 2))
    found = predict(regressor, [series, series[:3]])
    row = torch.as_tensor(series)[None]
    with torch.inference_mode():
        expected = regressor.predict(Batch(symbols=row.float().double(), counted=torch.ones(1, 7, dtype=torch.bool)))
    assert (
        found.values[0] == pytest.approx(float(expected[0])) and found.classes == () and not found.rows[0].probabilities
    )
    with refuses(ut.DataError, "item 1", "(steps, 2)"):
        predict(regressor, np.zeros((3, 3)))
    every = classifier(reading="every")
    of_steps = predict(every, ["abc", "a"])
    expected = probabilities(every, [0, 1, 2]).argmax(-1)
    assert of_steps.values[0] == tuple(every.config.classes[k] for k in expected) and len(of_steps.values[1]) == 1
