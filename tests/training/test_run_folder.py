"""Whose folder it is: the settings in it, read without running anything, and one line where they differ."""

from pathlib import Path
from typing import Any

import pytest

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.training.run_folder import SETTINGS, claim, taken

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


PLACED = {"data": {"source": "/a/plays.txt", "path": None}, "content": "sha256:1", "training": {"steps": 20}}


def placed(source: str = "/a/plays.txt", content: str | None = "sha256:1", **training: Any) -> dict[str, Any]:
    known = {} if content is None else {"content": content}
    return {"data": {"source": source, "path": None}, **known, "training": {"steps": 20, **training}}


def test_fault_7_data_is_its_content(tmp_path: Path) -> None:
    claim(tmp_path, PLACED, resume=False)
    claim(tmp_path, placed("/b/plays.txt"), resume=True)
    for source in ("/a/plays.txt", "/b/plays.txt"):
        with refuses(DataError, "data", "bytes", "/a/plays.txt", source, "--init"):
            claim(tmp_path, placed(source, "sha256:2"), resume=True)
    with refuses(DataError, "data.source", "fsdd", "/a/plays.txt"):
        claim(tmp_path, placed("fsdd", None), resume=True)


def test_fault_7_only_what_changes_a_loss_is_compared(tmp_path: Path) -> None:
    claim(tmp_path, PLACED, resume=False)
    claim(tmp_path, placed(checkpoint_minutes=1, keep_checkpoints=9, num_validations=3, patience=2), resume=True)
    with refuses(DataError, "training.seed", 3, "training.batch_size", 2):
        claim(tmp_path, placed(seed=3, batch_size=2, tensorboard=False), resume=True)


def test_fault_20_another_length_is_asked_for(tmp_path: Path) -> None:
    claim(tmp_path, PLACED, resume=False)
    with refuses(DataError, "steps 20", "steps 40", "--steps 20"):
        claim(tmp_path, placed(steps=40), resume=True)
    assert claim(tmp_path, placed(steps=40), resume=True, new_length=True)
    assert claim(tmp_path, placed(steps=None, minutes=5.0), resume=True, new_length=True)
    assert not claim(tmp_path, placed(), resume=True, new_length=True)


def test_a_run_without_a_checkpoint_starts_from_the_same_weights(tmp_path: Path) -> None:
    claim(tmp_path, {"init": "runs/one"}, resume=False)
    with refuses(DataError, "init", "runs/one"):
        claim(tmp_path, {}, resume=True)


def test_a_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    for resume in (False, True):
        with refuses(DataError, tmp_path / "run", "elsewhere", "link"), taken(tmp_path / "run", resume):
            pass
    assert not (tmp_path / "elsewhere").exists()
