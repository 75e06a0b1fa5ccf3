"""RTTM files: speakers by recording; two at once are refused."""

from pathlib import Path

from tests.refusals import refuses
from undertow.data.rttm import read_rttm
from undertow.errors import DataError

LINE = "SPEAKER {} 1 {} {} <NA> <NA> {} <NA> <NA>\n"


def test_speakers(tmp_path: Path) -> None:
    path = tmp_path / "a.rttm"
    path.write_text("SPKR-INFO call 1 <NA> <NA> <NA> unknown anna <NA>\n" + LINE.format("call", 1.5, 2, "anna"))
    assert [(one.start, one.stop, one.label) for one in read_rttm(path)["call"]] == [(1.5, 3.5, "anna")]
    path.write_text(LINE.format("call", 0, 2, "anna") + LINE.format("call", 1, 2, "ben"))
    with refuses(DataError, "a.rttm, line 2", "'ben' begins at 1 s", "'anna'"):
        read_rttm(path)
    path.write_text("SPEAKER call 1 0 2\n")
    with refuses(DataError, "a.rttm, line 1", "5 columns", "8"):
        read_rttm(path)
    path.write_text("anna\n")
    with refuses(DataError, "a.rttm", "SPEAKER"):
        read_rttm(path)
