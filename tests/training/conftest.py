"""What tests of training get: a world of one process."""

from collections.abc import Iterator

import pytest

from undertow.training.distributed import World, world


@pytest.fixture
def alone() -> Iterator[World]:
    with world("cpu") as one:
        yield one
