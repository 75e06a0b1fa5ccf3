"""Where bfloat16 is fast."""

import pytest
import torch

from undertow.training.precision import has_fast_bfloat16


@pytest.mark.parametrize(("features", "fast"), [({"amx_bf16": True}, True), ({"avx512_f": True}, False), ({}, False)])
def test_a_processor_says_so_itself(features: dict[str, bool], fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    assert has_fast_bfloat16(torch.device("cpu")) == fast


def test_another_kind_of_device_is_not_trusted() -> None:
    assert not has_fast_bfloat16(torch.device("meta"))
