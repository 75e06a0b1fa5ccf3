"""A sound that grows in a file: the same wave, report and file, in memory that does not grow with it."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from undertow.alphabets import MuLaw
from undertow.data import audio
from undertow.media import audio_report
from undertow.media.sound import Sound

MEDIUM = Sound(MuLaw(MuLaw.Config()), 8000)


def test_a_growing_wave_is_its_parts() -> None:
    growing = MEDIUM.pile()
    assert not growing and MEDIUM.join(growing).shape == (0,)
    parts = [np.random.default_rng(size).normal(size=size).astype(np.float32) for size in (3, 1, 5)]
    for part in parts:
        growing.append(part)
    whole = MEDIUM.join(growing)
    assert len(growing) == 9 and whole.dtype == np.float32 and np.array_equal(whole, np.concatenate(parts))
    assert MEDIUM.join([parts[0][:0], whole]) is whole
    assert np.array_equal(MEDIUM.join([parts[0], whole]), np.concatenate([parts[0], *parts]))


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_pieces_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    wave = np.random.default_rng(0).normal(0, 0.2, 20_001).astype(np.float32)
    whole, pieces = tmp_path / f"whole{suffix}", tmp_path / f"pieces{suffix}"
    expected = audio_report.audio_report(wave, 8000)
    audio.write_audio(whole, wave, 8000)
    monkeypatch.setattr(audio, "BLOCK", 1000)
    monkeypatch.setattr(audio_report, "BLOCK", 1000)
    audio.write_audio(pieces, wave, 8000)
    assert pieces.read_bytes() == whole.read_bytes()
    found = audio_report.audio_report(wave, 8000)
    assert found.__dict__ == pytest.approx(expected.__dict__, rel=1e-12)


def test_memory_does_not_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two minutes, what is held beside the file is less than half a second's."""
    monkeypatch.setattr(audio, "BLOCK", 4000)
    monkeypatch.setattr(audio_report, "BLOCK", 4000)
    growing, part = MEDIUM.pile(), np.random.default_rng(0).normal(0, 0.2, 8000).astype(np.float32)
    tracemalloc.start()
    for _ in range(120):
        growing.append(part)
    whole = MEDIUM.join(growing)
    MEDIUM.write(tmp_path / "long.wav", whole)
    report = MEDIUM.report(whole, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.facts["seconds"] == 120 and peak < 500_000 < whole.nbytes / 7
