"""The families that are held side by side, and those that cannot be."""

from typing import Any

import pytest

from tests.refusals import refuses
from undertow.cost.network_families import FAMILIES, family
from undertow.errors import UsageError
from undertow.networks import NETWORKS


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_of_a_network(name: str) -> None:
    assert family(name, 4, 8, 1).network.config.kind in NETWORKS


@pytest.mark.parametrize(
    ("words", "part"),
    [(("rnnn", 8), "'rnn'"), (("lstm", 8, 7), "width is 7"), (("lstm", 8, 8, 0), "depth is 0")],
)
def test_families_that_cannot_be_made(words: Any, part: str) -> None:
    with refuses(UsageError, part):
        family(*words)
