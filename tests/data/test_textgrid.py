"""TextGrids in both forms and encodings, and what is wrong with one."""

from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.data.textgrid import read_textgrid
from undertow.errors import DataError

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.9
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 0.9
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 0.9
            text = "say ""oh"""
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 0.9
        points: size = 1
        points [1]:
            number = 0.4
            mark = "x"
    item [3]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 0.9
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = "ə"
        intervals [2]:
            xmin = 0.25
            xmax = 0.5
            text = ""
        intervals [3]:
            xmin = 0.5
            xmax = 0.9
            text = "K"
'''
SHORT = """File type = "ooTextFile"
"TextGrid"
0
0.9
<exists>
1
"IntervalTier"
"speech"
0 ! where it begins
0.9
2
0
0.25
"ə"
0.25
0.9
"K"
"""


def test_the_long_form(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    for encoding in ("utf-8", "utf-16"):
        path.write_text(LONG, encoding=encoding)
        found = read_textgrid(path)
        assert [one[:3] for one in found] == [(0.0, 0.25, "ə"), (0.5, 0.9, "K")]
    assert found[1].line == LONG.split("\n").index('            text = "K"') + 1
    assert [one.label for one in read_textgrid(path, "words")] == ['say "oh"']
    with refuses(DataError, "a.TextGrid", "'phone'", "did you mean 'phones'"):
        read_textgrid(path, "phone")
    path.write_text(LONG.replace('"phones"', '"left"').replace('"words"', '"right"'))
    with refuses(DataError, "a.TextGrid", "right, left", "data.tier"):
        read_textgrid(path)


def test_the_short_form(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_text(SHORT.replace(" ! where it begins", ""))
    assert [one[:3] for one in read_textgrid(path)] == [(0.0, 0.25, "ə"), (0.25, 0.9, "K")]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("He PRP B-NP", ["ends too early"]),
        (SHORT.replace('"TextGrid"', '"PitchTier"'), ["not a TextGrid"]),
        (SHORT[:-6], ["ends too early"]),
        (SHORT.replace('0.25\n0.9\n"K"', '0.1\n0.9\n"K"'), ["'K' begins at 0.1 s", "'ə'"]),
        (SHORT.replace('"ə"', "7"), ["line 14", "text"]),
        (SHORT.replace("0.25", "1e999"), ["line 13", "inf", "too large"]),
        (SHORT.replace('"IntervalTier"', '"TextTier"'), ["no tier of intervals"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, parts: list[str]) -> None:
    (tmp_path / "a.TextGrid").write_text(text.replace(" ! where it begins", ""))
    with refuses(DataError, "a.TextGrid", *parts):
        read_textgrid(tmp_path / "a.TextGrid")
