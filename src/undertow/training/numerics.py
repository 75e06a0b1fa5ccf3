"""How torch computes while a model trains; its settings are restored afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def deterministic() -> Iterator[None]:
    """Make the same run give the same bits on the same machine."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA needs it before its first product
    settings = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    filled = settings.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # that guard costs speed
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        settings.fill_uninitialized_memory = filled  # type: ignore[attr-defined]


@contextmanager
def without_denormals() -> Iterator[None]:
    """Treat numbers below 1e-38 as zero: gradients through hundreds of steps get so small, and then run slowly."""
    before = bool((torch.tensor(1e-40) * 1.0) == 0)  # torch has no function to ask
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
