"""Master label files of HTK: many recordings in one file."""

from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.data.mlf import read_mlf
from undertow.errors import DataError

TWO = """#!MLF!#
"*/one.lab"
0 1500000 sil -120.5
1500000 2750000 ah 3.2 one
.
"/corpus/far/two.rec"
0 1000000 n
///
0 1000000 m
.
"*/a/b.x.lab"
.
"""


def test_two_recordings(tmp_path: Path) -> None:
    path = tmp_path / "all.mlf"
    path.write_text(TWO)
    found = read_mlf(path)
    assert {name: [one.label for one in parts] for name, parts in found.items()} == {"one": ["sil", "ah"], "two": ["n"]}
    assert [(one.start, one.stop, one.line) for one in found["one"]] == [(0.0, 0.15, 3), (0.15, 0.275, 4)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0 10 a\n", ["#!MLF!#"]),
        ("", ["#!MLF!#"]),
        ("#!MLF!#\n", ["no interval"]),
        ('#!MLF!#\n"*/a.lab"\n0 10 a\n', ["cut short", "a.lab"]),
        ('#!MLF!#\n0 10 a\n.\n', ["line 2", "name"]),
        ('#!MLF!#\n"*/a.lab\n.\n', ["line 2", "name"]),
        ('#!MLF!#\n"*/a.lab" -> "there"\n', ["line 2", "there"]),
        ('#!MLF!#\n"*/a.lab"\nwords alone\n.\n', ["line 3", "100 ns"]),
        ('#!MLF!#\n"*/a.lab"\n0 10 x\n.\n"*/a.rec"\n0 10 x\n.\n', ["line 5", "twice"]),
        ('#!MLF!#\n"*/a.lab"\n0 20000000 x\n10000000 30000000 y\n.\n', ["line 4", "'y'"]),
    ],
)  # fmt: skip
def test_damaged(text: str, parts: list[str], tmp_path: Path) -> None:
    path = tmp_path / "all.mlf"
    path.write_text(text)
    with refuses(DataError, "all.mlf", *parts):
        read_mlf(path)
