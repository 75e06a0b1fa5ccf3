"""Whose folder it is: the settings in it, read without running anything, and one line where they differ."""

from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.training.run_folder import SETTINGS, claim

TOKENIZER = '{"Ġsub": 12345,\n "word": 6789}' * 1000
RUN = {"data": {"source": "naïve\n"}, "model": {"alphabet": {"tokenizer": TOKENIZER}}, "channels": (6, 7), "seed": 1}


def test_the_same_run_goes_on(tmp_path: Path) -> None:
    claim(tmp_path, RUN, resume=False)
    claim(tmp_path, RUN, resume=True)
    claim(tmp_path, {**RUN, "channels": [6, 7]}, resume=True)
    with refuses(DataError, "seed 1", 2, "--out"):
        claim(tmp_path, {**RUN, "seed": 2}, resume=True)


def test_long_settings_are_not_told_whole(tmp_path: Path) -> None:
    claim(tmp_path, RUN, resume=False)
    with pytest.raises(DataError) as error:
        claim(tmp_path, {**RUN, "model": {"alphabet": {"tokenizer": TOKENIZER[:-1]}}}, resume=True)
    said = str(error.value)
    assert "tokenizer" in said and "(30,000 characters)" in said and "\n" not in said and len(said) < 500


@pytest.mark.parametrize("text", ["- 1", "a: [", "a: !!python/name:os.system", "a: &b [1]\nc: *b", "["])
def test_settings_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / SETTINGS).write_text(text)
    with refuses(DataError, SETTINGS) as error:
        claim(tmp_path, RUN, resume=True)
    assert "\n" not in str(error.value)
