from pathlib import Path

import numpy as np
import pytest
import torch

from tests.generation.models import RATE, build, frames
from tests.refusals import refuses
from undertow.data.audio import Audio, read_audio, write_audio
from undertow.data.features import extract
from undertow.errors import DataError, UsageError
from undertow.generation.prompts import one_for_all, read_features, read_prompt


def tone(seconds: float, rate: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 5 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def test_a_wave_is_encoded() -> None:
    model = build()
    symbols, notes = read_prompt(tone(1, RATE), model)
    assert symbols.tolist() == model.alphabet.encode(tone(1, RATE)).tolist() and notes == ()


def test_symbols_stay_as_they_are() -> None:
    symbols, _ = read_prompt(np.array([3, 0, 15]), build())
    assert symbols.tolist() == [3, 0, 15] and symbols.dtype == torch.int64


def test_nothing_is_an_empty_prompt() -> None:
    assert read_prompt(None, build())[0].shape == (0,)


@pytest.mark.parametrize("as_file", [True, False])
def test_another_rate_is_resampled_and_said(tmp_path: Path, as_file: bool) -> None:
    model = build()
    write_audio(tmp_path / "clip.wav", tone(1, 1600), 1600)
    sound = tmp_path / "clip.wav" if as_file else read_audio(tmp_path / "clip.wav")
    symbols, notes = read_prompt(sound, model)
    assert notes == ("prompt: resampled from 1600 to 100 Hz",)
    heard = model.alphabet.decode(symbols.numpy())[10:-10]
    np.testing.assert_allclose(heard, tone(1, RATE)[10:-10], atol=0.25)


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        (np.array([3, 16]), ["symbol 16", 15]),
        (np.array([-1]), ["symbol -1"]),
        (np.array([100], dtype=np.int16), ["int16", "int64", "float"]),
        (np.zeros((2, 3)), ["mono", (2, 3)]),
        (np.array([0.5, np.nan]), ["NaN"]),
        ("nowhere.wav", ["nowhere.wav", "such file"]),
    ],
)
def test_bad_prompts(prompt: np.ndarray | str, parts: list) -> None:
    with refuses(DataError, *parts):
        read_prompt(prompt, build())


def test_features_of_a_sound_are_taken() -> None:
    model = build("features")
    settings = model.config.conditioner.features
    found, _ = read_features(Audio(tone(1, RATE), RATE, RATE), model, 3)
    assert found is not None and found.shape == (3, 25, 3) and found.dtype == torch.float64
    np.testing.assert_allclose(found[1], extract(settings, tone(1, RATE)))


def test_features_for_every_row_or_for_each() -> None:
    model, each = build("features"), np.stack([frames(4, 0), frames(4, 1)])
    for given, expected in ((frames(4), np.stack([frames(4)] * 2)), (each, each), (torch.from_numpy(each), each)):
        found, _ = read_features(given, model, 2)
        assert found is not None and np.array_equal(found, expected)
    assert one_for_all(frames(4)) and one_for_all("a.wav") and not one_for_all(each)


def test_features_of_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "mel.npy", frames(4))
    found, _ = read_features(tmp_path / "mel.npy", build("features"), 2)
    assert found is not None and np.array_equal(found, np.stack([frames(4).astype(np.float32)] * 2))


def test_features_that_are_no_numbers() -> None:
    with refuses(DataError, "features", "NaN"):
        read_features(np.full((4, 3), np.nan), build("features"), 1)


@pytest.mark.parametrize(
    ("kind", "features", "parts"),
    [
        ("features", None, ["mel features", 3]),
        ("embedding", frames(4), ["features"]),
        ("features", np.zeros((4, 5)), ["(2, 4, 5)", "2 rows", 3]),
        ("features", np.zeros((3, 4, 3)), [(3, 4, 3), "2 rows", 3]),
        ("features", np.zeros(3), [(3,), "2 rows"]),
    ],
)
def test_bad_features(kind: str, features: np.ndarray | None, parts: list) -> None:
    with refuses(UsageError, *parts):
        read_features(features, build(kind), 2)
