"""Label files that end in .lab: HTK's and Festvox's, and transcripts told from them."""

from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.data.lab import is_lab, read_lab
from undertow.errors import DataError

HTK = "0 1500000 sil -120.5\n1500000 2750000 ah 3.2 one\n2750000 4000000 n\n"
FESTVOX = "signal one\nnfields 1\n#\n    0.1500  100  pau ; extra\n 0.2750 100 ah\n\n 0.4000 100 n\n"


@pytest.mark.parametrize(("text", "first"), [(HTK, "sil"), (FESTVOX, "pau")], ids=["htk", "festvox"])
def test_both_kinds(text: str, first: str, tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    path.write_text(text)
    found = read_lab(path)
    assert [one.label for one in found] == [first, "ah", "n"] and is_lab(path)
    assert [(one.start, one.stop) for one in found] == [(0.0, 0.15), (0.15, pytest.approx(0.275)), (0.275, 0.4)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0 10 a\n0.1 20 b\n", ["line 2", "100 ns"]),
        ("hello there\n", ["line 1", "100 ns"]),
        ("\n", ["no interval"]),
        ("0 20000000 a\n10000000 30000000 b\n", ["line 2", "'b'", "1 s", "'a'"]),
        ("#\n0.2 100 a\n0.1 100 b\n", ["line 3", "'b'", "0.1"]),
        ("#\nx 100 a\n", ["line 2", "'x'"]),
        ("#\n0.5\n", ["line 2", "1 column"]),
        (f"0 {10**16} a\n", ["line 1", "time"]),
    ],
)
def test_damaged(text: str, parts: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    path.write_text(text)
    with refuses(DataError, "a.lab", *parts):
        read_lab(path)


def test_a_transcript_has_no_intervals(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    for text in ("what the recording says\n", "2 1500000\n", ""):
        path.write_text(text)
        assert not is_lab(path)
