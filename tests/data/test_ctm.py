"""CTM files: there and back, and the line of what is wrong."""

from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.data.ctm import ctm_text, read_ctm
from undertow.errors import DataError

TEXT = ";; by hand\nb 1 0.10 0.25 K\na 1 0.00 0.19 AE 0.93\nb 1 0.00 0.10 SIL\n"


def test_recordings_in_order(tmp_path: Path) -> None:
    path = tmp_path / "phones.ctm"
    path.write_text(TEXT)
    found = read_ctm(path)
    assert [(one.start, one.label, one.line) for one in found["b"]] == [(0.0, "SIL", 4), (0.1, "K", 2)]
    path.write_text(ctm_text(found))
    again = read_ctm(path)
    assert {name: [one[:3] for one in part] for name, part in again.items()} == {
        name: [one[:3] for one in part] for name, part in found.items()
    }
    assert ctm_text({"my take": found["a"]}).startswith("my_take 1 0.000 0.190 AE\n")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a 1 0.0 AE\n", ["line 1", "4 columns", "duration"]),
        ("a 1 0.0 0.2 AE\na 1 x 0.2 AE\n", ["line 2", "'x'"]),
        ("a 1 0.0 0.2 AE\na 1 0.1 0.2 K\n", ["line 2", "'K'", "line 1"]),
        (";; none\n", ["no interval"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, parts: list[str]) -> None:
    (tmp_path / "phones.ctm").write_text(text)
    with refuses(DataError, "phones.ctm", *parts):
        read_ctm(tmp_path / "phones.ctm")
