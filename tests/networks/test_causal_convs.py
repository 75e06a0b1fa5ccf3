"""wav2vec's context network: what it sees, and that its norm is of one step alone."""

import torch

from tests.networks.cases import CASES
from undertow.batch import Condition
from undertow.networks import CausalConvs

CASE = CASES["causal_convs"]


def test_it_sees_two_steps_more_with_each_layer() -> None:
    with torch.device("meta"):
        assert CausalConvs(CausalConvs.Config(), 7, 7).receptive_field == 19


def test_a_step_of_another_loudness_changes_nothing_before_it() -> None:
    network = CASE.make(input="scalar").double()
    x = torch.randn(1, 8, 2, dtype=torch.float64)
    louder = torch.cat([x[:, :5], 100 * x[:, 5:]], dim=1)
    assert torch.equal(network(louder, Condition())[:, :5], network(x, Condition())[:, :5])
