"""The files of results: one, numbered beside it or numbered in a folder; and what is refused."""

from pathlib import Path

import pytest

from tests.media.test_every_medium import CASES
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.media.paths import result_paths


@pytest.mark.parametrize(
    ("medium", "out", "count", "names"),
    [
        ("notes", "tune.mid", 1, ["tune.mid"]),
        ("notes", "tune.mid", 2, ["tune-1.mid", "tune-2.mid"]),
        ("notes", "tunes", 2, ["tunes/1.npz", "tunes/2.npz"]),
        ("sound", "a.b/x.flac", 1, ["a.b/x.flac"]),
        ("sound", "take.2", 10, [f"take.2/{row:02}.wav" for row in range(1, 11)]),
    ],
)
def test_names(medium: str, out: str, count: int, names: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.b").mkdir()
    assert result_paths(tmp_path / out, count, CASES[medium].medium) == [tmp_path / name for name in names]


def test_what_is_refused(tmp_path: Path) -> None:
    sound = CASES["sound"].medium
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file").touch()
    for out, parts in {
        "x.m4a": ["x.m4a", "wav, flac or mp3", "x.wav"],
        "x.OPUS": ["x.OPUS", "x.wav"],
        "x.aiff": ["x.aiff", "x.wav"],
        "x.ogg": ["x.ogg", "wav, flac or mp3", "x.wav"],
        "folder.wav": ["folder.wav", "folder"],
        "file": ["file", "folder", ".wav"],
        "no/x.wav": ["no/x.wav", "make it"],
    }.items():
        with refuses(UsageError, "out is ", *parts):
            result_paths(tmp_path / out, 1, sound)


def test_fault_27_a_rate_that_mp3_does_not_have(tmp_path: Path) -> None:
    sound = CASES["sound"].medium
    sound.sample_rate = 8001
    with refuses(UsageError, "x.mp3", "8001 Hz", "44100", "flac"):
        result_paths(tmp_path / "x.mp3", 1, sound)
    assert result_paths(tmp_path / "x.flac", 1, sound)
