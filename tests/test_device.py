"""Which device a name means."""

import pytest
import torch

from tests.refusals import refuses
from undertow.device import pick_device
from undertow.errors import UsageError


@pytest.mark.parametrize(("there", "meant"), [(0, "cpu"), (2, "cuda")])
def test_auto_is_a_gpu_where_there_is_one(there: int, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    assert pick_device("auto") == meant and pick_device("cpu") == "cpu"
    if there:
        assert pick_device("cuda:1") == "cuda:1"
        with refuses(UsageError, "cuda:2", "2 CUDA devices"):
            pick_device("cuda:2")


@pytest.mark.parametrize("wrong", ["gpu", "cuda:x", "cpu:0", "cuda:-1", ""])
def test_other_names_are_refused(wrong: str) -> None:
    with refuses(UsageError, f"'{wrong}'", "cuda:1"):
        pick_device(wrong)
