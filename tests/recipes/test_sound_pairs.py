"""Sounds to compare: two folders paired by name, and clips that a vocoder or an autoencoder draws again."""

import numpy as np
import pytest
import torch

from tests.data.sounds import RATE, tone, write
from tests.models.coders import SMALL
from tests.refusals import assert_says, refuses
from undertow.config import parse
from undertow.data.audio import read_audio, to_float, to_int16
from undertow.data.features import extract
from undertow.errors import DataError, UsageError
from undertow.evaluation.log_spectral import log_spectral_distance
from undertow.generation import generate
from undertow.models import MODELS
from undertow.recipes.scoring import score

NETWORK = {**SMALL["network"], "layers_per_cycle": 10}
MEL = {"kind": "mel", "sample_rate": RATE, "hop_length": 40, "window_length": 80, "fft_size": 128, "num_channels": 8}
VOCODER = {
    "alphabet": {"kind": "mu_law", "num_levels": 256},
    "network": NETWORK,
    "emission": {"kind": "categorical"},
    "conditioner": {"features": MEL, "labels": {"word": ["a", "b"]}, "upsampling": {"channels": 4}},
    "sample_rate": RATE,
}


def built(kind: str, config: dict) -> torch.nn.Module:
    return MODELS[kind](parse(MODELS[kind].Config, config)).eval()


@pytest.fixture
def clips(tmp_path):
    for name, hertz in (("a_1.wav", 200), ("b_2.wav", 300), ("sub/a_3.flac", 250)):
        write(tmp_path / "clips" / name, tone(0.1, frequency=hertz))
    return tmp_path / "clips"


def test_folders_are_paired_by_name(clips, tmp_path):
    other, said = tmp_path / "other", []
    write(other / "a_1.flac", tone(0.1, frequency=200) / 2)
    write(other / "sub/a_3.wav", np.stack([tone(0.1, 16000, 250)] * 2, 1), 16000)
    write(other / "c.wav", tone(0.1))
    found = score(other, clips, metrics=["lsd", "f0"], say=said.append)
    assert [one.name for one in found.sounds] == ["a_1.flac", "sub/a_3.wav"] and found.split == "pairs"
    assert found.sounds[0].figures["f0-cents"] == pytest.approx(0, abs=1) and found.sample_rate == RATE
    assert_says(" ".join(said), "1 sound", "c.wav", "b_2.wav")
    assert_says(" ".join(found.notes), "2 channels", "16000", "8000")
    assert score(clips / "a_1.wav", clips / "a_1.wav", metrics="mcd").means["mcd"].mean == 0


def test_folders_that_cannot_be_compared(clips, tmp_path):
    write(tmp_path / "lone/x.wav", tone())
    with refuses(DataError, "'x.wav'", "'a_1.wav'", "name"):
        score(tmp_path / "lone", clips, metrics="mcd")
    (tmp_path / "lone/a_1.wav").write_text("no sound")
    with refuses(DataError, "a_1.wav"):
        score(tmp_path / "lone", clips, metrics="mcd")
    write(tmp_path / "lone/b_2.wav", tone(0.1))
    found = score(tmp_path / "lone", clips, metrics="mcd")
    assert len(found.sounds) == 1 and "a_1.wav" in found.faults[0]
    write(clips / "a_1.flac", tone())
    with refuses(DataError, "'a_1.wav'", "'a_1.flac'"):
        score(tmp_path / "lone", clips, metrics="mcd")
    with refuses(UsageError, "metrics"):
        score(tmp_path / "lone", clips, metrics="mcd", split="test")
    with refuses(DataError, "none.wav"):
        score(clips / "b_2.wav", clips / "none.wav", metrics="mcd")


def test_a_vocoder_draws_the_clips_again_with_their_labels(clips):
    model = built("autoregressive", VOCODER)
    found = score(model, clips, split="all", label_pattern="{word}_{number}", metrics=["mcd", "lsd"])
    assert len(found.sounds) == 3 and all(one.figures["lsd"] > 0 for one in found.sounds)
    assert_says(" ".join(found.notes), "features", "seed 0")
    wave = to_float(to_int16(read_audio(clips / "b_2.wav").wave))
    frames = extract(model.config.conditioner.features, wave)
    drawn = generate(model, features=frames, labels="word=b", seed=0, num_steps=len(wave)).real[0]
    expected = log_spectral_distance(wave, drawn, RATE)
    assert next(one for one in found.sounds if one.name == "b_2.wav").figures["lsd"] == pytest.approx(
        expected, rel=1e-6
    )


def test_an_autoencoder_draws_from_its_latents(clips):
    features = {"kind": "mfcc", "sample_rate": 800, "hop_length": 4, "window_length": 40, "fft_size": 64}
    more = {"features": {**features, "num_bands": 5, "num_coefficients": 4, "deltas": 0}}
    model = built("autoencoder", {**SMALL, **more, "bottleneck": {"kind": "linear", "channels": 3}, "sample_rate": 800})
    said: list[str] = []
    found = score(model, clips, split="all", metrics="lsd", say=said.append)
    assert len(found.sounds) == 3 and found.sample_rate == 800
    assert_says(" ".join([*said, *found.notes]), "latents", "without speaker", "8000")


def test_models_that_draw_no_clip_again(clips):
    plain = built("autoregressive", {**VOCODER, "conditioner": {}})
    with refuses(UsageError, "mcd", "features", "autoencoder"):
        score(plain, clips, split="all", metrics="mcd")
    with refuses(UsageError, "unknown", "'mdc'", "'mcd'"):
        score(built("autoregressive", VOCODER), clips, split="all", metrics="mdc")
    with refuses(UsageError, "collar"):
        score(built("autoregressive", VOCODER), clips, split="all", metrics="mcd", collar=0.5)
