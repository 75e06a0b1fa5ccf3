"""Mel spectra become sound: from files, arrays and sounds, and as they come, the same sample for sample."""

from dataclasses import replace

import numpy as np
import pytest

from tests.data.sounds import tone, write
from tests.generation.models import build
from tests.generation.symbol_models import text_model
from tests.refusals import refuses
from tests.vocoding.vocoders import HOP, RATE, vocoder
from undertow.data.audio import Audio, read_audio, to_float, to_int16
from undertow.data.features import extract
from undertow.data.mel_statistics import mel_statistics
from undertow.errors import DataError, UsageError
from undertow.vocoding import stream_vocode, vocode

pytestmark = pytest.mark.native


@pytest.fixture(scope="module")
def model():
    return vocoder()


@pytest.fixture(scope="module")
def mel(model):
    return extract(model.needs.features, to_float(to_int16(tone(0.5, RATE, 440.0))))


def test_a_sound_an_array_and_a_file_are_drawn_alike(model, mel, tmp_path):
    found = vocode(model, tone(0.5, RATE, 440.0), seed=3, labels="theo")
    assert found.drawn.shape == (RATE // 2,) and found.labels == {"speaker": "theo"} and found.engine == "native"
    np.save(tmp_path / "mel.npy", mel)
    np.save(tmp_path / "turned.npy", mel.T[None])
    for given in (mel, tmp_path / "mel.npy", tmp_path / "turned.npy", Audio(tone(0.5, RATE, 440.0), RATE, RATE)):
        assert np.array_equal(vocode(model, given, seed=3, labels="theo").drawn, found.drawn)
    assert not np.array_equal(vocode(model, mel, seed=3, labels="lucas").drawn, found.drawn)
    assert "speaker=theo" in " ".join(vocode(model, mel).notes)
    found.save(tmp_path / "o.flac")
    assert np.array_equal(read_audio(tmp_path / "o.flac").wave, found.wave) and found.realtime_factor > 0


def test_one_frame_more_than_the_sound_has_is_drawn(model, mel):
    """A centred transform of T samples gives T // hop + 1 frames."""
    longer = np.concatenate([mel, mel[-1:]])
    assert len(vocode(model, longer).drawn) == len(longer) * HOP


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_as_they_come_is_the_whole(model, mel, size):
    blocks = (mel[start : start + size] for start in range(0, len(mel), size))
    waves = list(stream_vocode(model, blocks, labels="theo", seed=3))
    assert np.array_equal(to_int16(np.concatenate(waves)), vocode(model, mel, seed=3, labels="theo").drawn)


def test_sound_comes_before_the_frames_end(model, mel):
    given = 0

    def blocks():
        nonlocal given
        for frame in np.tile(mel, (4, 1)):
            given += 1
            yield frame[None]

    assert len(next(stream_vocode(model, blocks()))) and given < 2 * len(mel)


def test_what_is_refused(model, mel):
    with refuses(UsageError, "frames of kind frames", "no vocoder"):
        vocode(vocoder("frames"), mel)
    with refuses(UsageError, "no frames", "no vocoder"):
        vocode(build("labels"), mel)
    with refuses(UsageError, "no frames"):
        vocode(text_model(), mel)
    for bad, parts in ((mel[:, :5], ["(50, 5)"]), (mel * np.nan, ["NaN"]), (mel[:0], ["empty"]), (mel > 0, ["bool"])):
        with refuses(DataError, *parts):
            vocode(model, bad)
    with refuses(DataError, "block", (5,)):
        list(stream_vocode(model, [mel[:3], mel[0, :5]]))


def test_frames_that_come_are_checked_by_what_the_model_was_trained_on(real_data, model):
    from tests.data.mels import digits

    settings = model.needs.features
    mels = [extract(settings, wave) for wave in digits(real_data, "jackson")]
    conditioner = replace(model.config.conditioner, mel_statistics=mel_statistics(mels, settings))
    checks = vocoder()
    checks.config = replace(checks.config, conditioner=conditioner)
    good = extract(settings, digits(real_data, "theo")[2])
    assert len(vocode(checks, good).drawn) == len(good) * HOP
    for bad in (good / np.float32(np.log(10)), good + 9):
        with refuses(DataError, "the mel"):
            list(stream_vocode(checks, [one[None] for one in bad]))
        with refuses(DataError, "the mel"):
            vocode(checks, bad)


def test_files(model, tmp_path):
    write(tmp_path / "a.wav", tone(0.1), RATE)
    assert vocode(model, tmp_path / "a.wav").name.endswith("a.wav")
    with refuses(DataError, "no.npy"):
        vocode(model, tmp_path / "no.npy")
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    with refuses(DataError, "bad.npy"):
        vocode(model, tmp_path / "bad.npy")
