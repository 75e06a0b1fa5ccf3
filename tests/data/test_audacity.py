"""Audacity's label files: there and back, and told from transcripts."""

from pathlib import Path

from tests.refusals import refuses
from undertow.data.audacity import audacity_text, is_audacity, read_audacity
from undertow.errors import DataError


def test_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("0.500000\t1.250000\tbird song\n\\\t200.0\t4000.0\n2.0\t2.0\t\n")
    found = read_audacity(path)
    assert [one[:3] for one in found] == [(0.5, 1.25, "bird song")] and is_audacity(path)
    path.write_text(audacity_text(found))
    assert read_audacity(path)[0][:3] == found[0][:3]
    for text in ("What the sound says.", "0.5\tand\tmore", "0.5 1.0 bird"):
        path.write_text(text)
        assert not is_audacity(path)
    with refuses(DataError, "a.txt, line 1", "1 column", "tabs"):
        read_audacity(path)
    path.write_text("\n")
    with refuses(DataError, "a.txt", "no interval"):
        read_audacity(path)
