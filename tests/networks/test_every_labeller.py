"""Every shape of every labeller through its contract."""

import pytest
import torch

from tests.contract_labeller import check_labeller
from tests.networks.labeller_cases import CASES
from undertow.networks import LABELLERS

SHAPES = [(kind, name) for kind, case in CASES.items() for name in case.shapes]


def test_every_labeller_is_covered() -> None:
    assert {kind: case.labeller for kind, case in CASES.items()} == LABELLERS, "give the new labeller a row in CASES"


@pytest.mark.parametrize(("kind", "name"), SHAPES)
def test_contract(kind: str, name: str) -> None:
    case = CASES[kind]
    lengths = torch.tensor(case.lengths) if case.lengths else None
    check_labeller(case.make(**case.shapes[name]), case.inputs(), lengths)
