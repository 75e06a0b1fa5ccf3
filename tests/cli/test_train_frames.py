"""A model of frames that a user brings, end to end: trained, scored and generated from, and what wrong frames get."""

import json
import shutil

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import TINY, run_command
from tests.data.sounds import write
from tests.refusals import assert_says
from undertow import checkpoint, generate
from undertow.data.synthetic import pluck

HOP = 80
FEATURES = f"conditioner.features={{kind: frames, hop_length: {HOP}, num_channels: 2}}"


def frames_of(frequency: float, num_frames: int) -> np.ndarray:
    """Pitch in octaves, and how far the note has died away."""
    return np.stack([np.full(num_frames, np.log2(frequency / 220)), np.linspace(1, 0, num_frames)], axis=1)


def train(folder, out, *changes):
    words = ["train", "wavenet", "--data", folder, "--out", out, "--steps", "4", "--set", *TINY, FEATURES]
    return run_command(
        *words, "data.sample_rate=8000", "conditioner.upsampling.channels=4", "training.average=null", *changes
    )


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """A folder of notes at another rate than the model's, with frames beside them."""
    folder = tmp_path_factory.mktemp("notes")
    for index in range(20):
        frequency = 110.0 * 2 ** (index / 12)
        write(folder / f"{index}.wav", pluck(frequency, 0.05, 16000, index), 16000)
        np.save(folder / f"{index}.npy", frames_of(frequency, 5 + index % 2))  # 400 samples: five, or six centred
    return folder


@pytest.fixture(scope="module")
def run(notes, tmp_path_factory):
    out = tmp_path_factory.mktemp("frames") / "run"
    outcome = train(notes, out, "samples.count=2", "samples.seconds=0.06")
    assert outcome.status == 0 and "resampled from 16000 to 8000 Hz" in outcome.err, outcome.err
    assert "skipped" not in outcome.err
    return out


def test_training_writes_samples_and_a_card_that_tells_of_frames(run):
    samples = list(run.glob("samples/step-4/*.wav"))
    assert [soundfile.info(path).frames for path in samples] == [400, 400]  # no longer than the clips
    settings = checkpoint.load(run).config.conditioner.features
    assert (settings.kind, settings.sample_rate, settings.hop_length, settings.num_channels) == ("frames", 8000, HOP, 2)
    assert "frames, sample_rate 8000, hop_length 80, num_channels 2" in run_command("info", run).out


def test_scoring_reads_the_frames(run, notes, tmp_path):
    def bits(*more):
        outcome = run_command("score", run, *more, "--json")
        assert outcome.status == 0, outcome.err
        return json.loads(outcome.out)["bits_per_symbol"]

    assert bits() == bits(notes)
    others = shutil.copytree(notes, tmp_path / "others")
    for path in others.glob("*.npy"):
        np.save(path, -9 * np.load(path))
    assert abs(bits(others) - bits(notes)) > 1e-5
    for path in others.glob("*.npy"):
        path.unlink()
    outcome = run_command("score", run, others)
    assert outcome.status == 1 and ".npy" in outcome.line and "frames" in outcome.line


def test_generation_follows_frames_and_is_as_long(run, tmp_path):
    waves = []
    for name, frequency in (("low", 110.0), ("high", 3520.0)):
        np.save(tmp_path / f"{name}.npy", frames_of(frequency, 3))
        words = ["--features", tmp_path / f"{name}.npy", "--out", tmp_path / f"{name}.wav", "--no-picture"]
        assert run_command("generate", run, *words).status == 0
        waves.append(soundfile.read(tmp_path / f"{name}.wav", dtype="float32")[0])
    assert [len(wave) for wave in waves] == [3 * HOP] * 2 and not np.array_equal(*waves)
    again = generate(checkpoint.load(run), features=frames_of(110.0, 3).astype(np.float32))
    np.testing.assert_allclose(again.real[0], waves[0], atol=2**-15)


def test_wrong_frames_are_refused(run, notes, tmp_path):
    np.save(tmp_path / "wide.npy", np.zeros((6, 3)))
    np.save(tmp_path / "nan.npy", np.full((6, 2), np.nan))
    (tmp_path / "text.npy").write_text("text")
    for given, status, parts in (
        (notes / "0.wav", 2, ["kind 'frames'", "sound"]),
        (tmp_path / "wide.npy", 1, [(6, 3)]),
        (tmp_path / "nan.npy", 1, ["12 of 12"]),
        (tmp_path / "text.npy", 1, ["text.npy"]),
        (tmp_path / "none.npy", 1, ["none.npy"]),
    ):
        outcome = run_command("generate", run, "--features", given, "--out", tmp_path / "x.wav")
        assert outcome.status == status, outcome.err
        assert_says(outcome.line, *parts)
        assert not (tmp_path / "x.wav").exists()
    outcome = run_command("generate", run, "--out", tmp_path / "x.wav")
    assert outcome.status == 2
    assert_says(outcome.line, "frames features", "2 numbers", "80 samples")


def test_wrong_requests_to_train(notes, tmp_path):
    for changes, status, parts in (
        (["data.trim_decibels=-40"], 2, ["clips", "trimmed"]),
        (["conditioner.features.num_channels=3"], 1, ["(F, 3)"]),
        (["conditioner.features.hop_length=50"], 1, [50, "400 samples"]),
        (["conditioner.features.window_length=100"], 2, ["key 'model.conditioner.features.window_length'"]),
    ):
        outcome = train(notes, tmp_path / "run", *changes)
        assert outcome.status == status, outcome.err
        assert_says(outcome.line, *parts)
        assert not (tmp_path / "run").exists()
