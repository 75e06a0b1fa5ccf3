"""Items that could not be used among others: each is named, and the command fails after the others are done."""

import pytest

from tests.refusals import refuses
from undertow.cli.faults import raise_faults
from undertow.errors import DataError


def test_fault_25_each_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    raise_faults([], 3)
    with refuses(DataError, "a.wav: silent"):
        raise_faults(["a.wav: silent"], 3)
    assert capsys.readouterr().err == ""
    with refuses(DataError, "2 of 3 clips", "others"):
        raise_faults(["a.wav: silent", "b.wav: empty"], 3, "clips")
    assert capsys.readouterr().err.splitlines() == ["a.wav: silent", "b.wav: empty"]
    with refuses(DataError, "2 of 2 files", "nothing"):
        raise_faults(["a", "b"], 2)
