"""Item files: read, written, and refused by file and line."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.data.intervals import Interval
from undertow.discrimination.items import Item, item_text, phones_of, read_items, seconds
from undertow.errors import DataError

NAMES = "#file onset offset #phone prev-phone next-phone speaker\n"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    items = [
        Item("a/1", Decimal("0.2925"), Decimal("0.4725"), "IH", "L", "NG", "6295", 2),
        Item("2", Decimal("0"), Decimal("1.50"), "five", "-", "-", "theo", 3),
    ]
    (tmp_path / "x.item").write_text(item_text(items) + "\n")
    assert read_items(tmp_path / "x.item") == items
    (tmp_path / "y.item").write_text(NAMES.replace(" ", "\t") + "f 1e-05 0.1 a b c s\r\n")
    assert read_items(tmp_path / "y.item")[0].onset == Decimal("0.00001")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["line 1", "#file", "prev-phone"]),
        ("f 0 1 a b c s\n", ["line 1", "#file"]),
        (NAMES, ["no item"]),
        (NAMES + "f 0 1 a b c s\nf 0 1 a b s\n", ["line 3", "6 columns", 7]),
        ("#file onset offset #phone\nf 0 1 a\n", ["line 1", "4 columns", 7]),
        (NAMES + "f 0 1 a b c s t\n", ["line 2", "8 columns"]),
        (NAMES + "f 0 one a b c s\n", ["line 2", "'one'", "time"]),
        (NAMES + "f -1 1 a b c s\n", ["line 2", "'-1'"]),
        (NAMES + "f 0 1e999999999 a b c s\n", ["line 2", "time"]),
        (NAMES + "f 0 nan a b c s\n", ["line 2", "'nan'"]),
        (NAMES + "f 2 1 a b c s\n", ["line 2", "ends at 1 s", "begins at 2 s"]),
        (NAMES + "f 1 1 a b c s\n", ["line 2", "ends at 1 s"]),
    ],
)
def test_what_is_refused(text: str, parts: list, tmp_path: Path) -> None:
    (tmp_path / "bad.item").write_text(text)
    with refuses(DataError, tmp_path / "bad.item", *parts):
        read_items(tmp_path / "bad.item")


def test_phones_have_their_neighbours() -> None:
    rows = [(0, 0.1, "SIL"), (0.1, 0.25, "AH"), (0.25, 0.3, "T A"), (0.5, 0.6, "S")]
    found = phones_of({"one two": [Interval(*row) for row in rows]}, {"one two": "anna b"})
    assert [one.text for one in found] == [
        "one_two 0.10 0.25 AH SIL T_A anna_b",
        "one_two 0.25 0.30 T_A AH - anna_b",
        "one_two 0.50 0.60 S - - anna_b",
    ]
    assert str(seconds(10.0)) == "10.00" and str(seconds(0.29250001)) == "0.2925"
