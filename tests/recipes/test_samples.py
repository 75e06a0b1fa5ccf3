"""What a model in training generates: files of its medium at each validation, or a refusal before training begins."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from tests.media.png_reader import pixels_of
from tests.recipes.small_runs import BOOK, GRU, VALUES, WAVENET, recipe, write_digits, write_rolls
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.recipes import train

PIXELS = {"network": GRU, "emission": {"kind": "categorical"}}
SOUND = {"network": WAVENET, "alphabet": {"kind": "mu_law"}, "emission": {"kind": "categorical"}}
CODED = {"channels": 4, "kernels": [8, 4], "strides": [4, 4]}
LENGTH = {"count": 2, "seconds": 0.01, "num_steps": 5}


def text_file(folder: Path) -> Path:
    folder.mkdir()
    (folder / "book.txt").write_text(BOOK)
    return folder / "book.txt"


def trained(tmp_path: Path, data: dict[str, Any], model: dict[str, Any], source: Path | str | None) -> Path:
    values = recipe(data, model) | {"samples": LENGTH}
    train(values, tmp_path / "run", data=source, device="cpu")
    return tmp_path / "run" / "samples" / "step-2"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.filterwarnings("ignore::undertow.models.ShortReceptiveFieldWarning")
def test_sound(tmp_path: Path) -> None:
    samples = trained(tmp_path, {"kind": "audio", "crop_steps": 100}, SOUND, "plucked")
    assert names(samples) == ["1.wav", "2.wav"]
    wave, rate = soundfile.read(samples / "1.wav")
    assert len(wave) == rate * LENGTH["seconds"]


@pytest.mark.filterwarnings("ignore::undertow.models.ShortReceptiveFieldWarning")
def test_an_autoencoder_draws_sounds_again(tmp_path: Path) -> None:
    coder = {**SOUND, "kind": "autoencoder", "encoder": {"kind": "strided", **CODED}, "bottleneck": {"kind": "linear"}}
    samples = trained(tmp_path, {"kind": "audio", "crop_steps": 400, "sample_rate": 4000}, coder, "plucked")
    assert names(samples) == ["1.wav", "2.wav"]
    wave, rate = soundfile.read(samples / "1.wav")
    assert len(wave) == rate * LENGTH["seconds"]


def test_models_that_only_represent_sound_make_none(tmp_path: Path) -> None:
    model = {"kind": "cpc", "encoder": {"kind": "strided", **CODED}, "context": {"channels": 4}, "num_ahead": 2}
    assert not trained(tmp_path, {"kind": "audio", "crop_steps": 800}, model, "plucked").exists()


def test_text(tmp_path: Path) -> None:
    samples = trained(tmp_path, {"kind": "text", "crop_steps": 20}, {"network": GRU}, text_file(tmp_path / "text"))
    assert names(samples) == ["1.txt", "2.txt"]
    assert len((samples / "2.txt").read_bytes().decode()) == LENGTH["num_steps"]


def test_notes(tmp_path: Path) -> None:
    samples = trained(tmp_path, {"kind": "rolls"}, {"network": VALUES}, write_rolls(tmp_path / "rolls"))
    assert names(samples) == ["1.npz", "2.npz"]
    assert np.load(samples / "1.npz")["roll"].shape == (LENGTH["num_steps"], 88)


def test_images_are_whole_and_their_shape_is_stored(tmp_path: Path) -> None:
    data = {"kind": "mnist", "num_validation": 2}
    samples = trained(tmp_path, data, PIXELS, write_digits(tmp_path / "digits"))
    assert names(samples) == ["1.png", "2.png"]
    assert pixels_of(samples / "1.png")[::10, ::10].shape == (28, 28)
    stored = yaml.safe_load((tmp_path / "run" / "best" / "config.yaml").read_text())
    assert stored["model"]["alphabet"]["shape"] == [28, 28, 1]


def test_pixels_in_another_order_make_no_images(tmp_path: Path) -> None:
    data = {"kind": "mnist", "num_validation": 2, "permuted": True}
    with refuses(UsageError, "shape"):
        trained(tmp_path, data, PIXELS, write_digits(tmp_path / "digits"))
    assert not (tmp_path / "run").exists()


def test_another_shape_is_refused_with_both(tmp_path: Path) -> None:
    model = PIXELS | {"alphabet": {"kind": "pixels", "shape": [14, 56, 1]}}
    with refuses(UsageError, (28, 28, 1), (14, 56, 1)):
        trained(tmp_path, {"kind": "mnist", "num_validation": 2}, model, write_digits(tmp_path / "digits"))
