"""`undertow distil`: its words, and the command that resumes it."""

from pathlib import Path

from tests.cli.conftest import run_command
from tests.refusals import assert_says


def test_wrong_words(tmp_path: Path) -> None:
    for words, status, parts in (
        (("nowhere", "--recipe", "clarinet-fsdd", "--out", tmp_path / "run"), 1, ("nowhere",)),
        (("nowhere", "--out", tmp_path / "run"), 2, ("recipe",)),
        (("nowhere", "--recipe", "clarinet", "--out", tmp_path / "run"), 2, ("clarinet-fsdd",)),
    ):
        found = run_command("distil", *map(str, words))
        assert found.status == status
        assert_says(found.err, *parts)
    assert not (tmp_path / "run").exists()
