"""Damaged files of every kind are read or refused in one line; `make fuzz` does the same for longer."""

from pathlib import Path

import pytest

from tests.fuzzing import case, kinds
from tests.fuzzing.kinds import Kind

NUM_CASES = 3  # of each kind; `make fuzz` runs thousands


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Kind]]:
    folder = tmp_path_factory.mktemp("good")
    return folder, kinds.make(folder)


@pytest.mark.filterwarnings("ignore")
def test_fault_30_damaged_files_of_every_kind_are_read_or_refused(made, tmp_path: Path) -> None:
    folder, every = made
    faults = []
    for name, kind in every.items():
        for seed in range(NUM_CASES):
            outcome, why = case.run(name, kind, folder / name, tmp_path, seed)
            faults += [f"{name} {seed}: {why}"] if outcome == "fault" else []
    assert not faults, "again with its traceback: python -m tests.fuzzing KIND SEED; " + "; ".join(faults)


@pytest.mark.filterwarnings("ignore")
def test_every_good_file_is_read(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, every = made
    monkeypatch.setattr(case, "SPOILED_SHARE", 0)
    monkeypatch.setattr(case, "mutated", lambda data, *_: data)
    outcomes = {name: case.run(name, kind, folder / name, tmp_path, 0) for name, kind in every.items()}
    assert {name: found for name, found in outcomes.items() if found[0] != "read"} == {}


def test_a_fault_is_found(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good/a").write_bytes(b"a" * 100)
    outcome, why = case.run("a", Kind("a", lambda path: [][0]), tmp_path / "good", tmp_path, 0)
    assert outcome == "fault" and "IndexError" in why and "test_fuzzing.py" in why
