"""The engine's session of decoders: beside torch's, over memories of sources that rows share."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.decoding.pair_models import LENGTHS, make, sources
from tests.networks import pair_cases
from tests.refusals import refuses
from undertow.errors import DataError
from undertow.models import Seq2Seq
from undertow.native import cpu_isas
from undertow.session import Encoded
from undertow.session.native_session import NativeSession
from undertow.session.torch_session import TorchSession
from undertow.state import State, named_leaves

pytestmark = pytest.mark.native

PROMPTS = [4, 0, 2, 9]


@pytest.fixture(params=pair_cases.CASES, ids=" ".join)
def model(request: Any) -> Seq2Seq:
    return make(*request.param).float()


def prompts(model: Seq2Seq) -> list[Tensor]:
    random = np.random.default_rng(3)
    return [torch.from_numpy(random.integers(0, model.end_symbol, length)) for length in PROMPTS]


def encoded(model: Seq2Seq) -> Encoded:
    return Encoded(model, 4, sources(model), LENGTHS)


def both(model: Seq2Seq) -> tuple[TorchSession, NativeSession]:
    """After the same prompts of different lengths."""
    pair = TorchSession(model), NativeSession(model)
    for one in pair:
        one.prime(prompts(model), encoded(model))
    return pair


def fed(session: Any, num_steps: int = 5) -> Tensor:
    symbols = torch.from_numpy(np.random.default_rng(8).integers(0, 6, (session.num_rows, num_steps)))
    return torch.cat([session.feed(symbols), session.peek()[:, None]], dim=1)


def assert_same(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=2e-5 * float(other.abs().max()))


def test_rows_say_what_torch_says(model: Seq2Seq) -> None:
    expected, found = (fed(one) for one in both(model))
    assert_same(found, expected)


def test_the_first_row_goes_back_and_rows_join(model: Seq2Seq) -> None:
    """With memories the rows before and after one are joined anew; before the first there are none."""
    pair = both(model)
    for one in pair:
        begun = one.position_of([0])
        one.feed(torch.zeros(4, 2, dtype=torch.int64))
        one.rewind(0, begun)
        one.join(begun)
    expected, found = (fed(one) for one in pair)
    assert found.shape[0] == 5
    assert_same(found, expected)


def test_rows_chosen_several_times_and_in_another_order_share_their_sources(model: Seq2Seq) -> None:
    reference, native = both(model)
    for rows in ([3, 0, 0, 1, 0, 2], [5, 1, 1, 0], [2, 3]):
        for one in (reference, native):
            one.select(rows)
        assert_same(fed(native), fed(reference))
        symbols = torch.zeros(len(rows), 1, dtype=torch.int64)
        assert_same(native.feed(symbols), reference.feed(symbols))


def test_a_row_says_the_same_bits_alone_and_among_others_on_every_instruction_set(model: Seq2Seq) -> None:
    among = both(model)[1]
    first = among.position_of([0])
    expected = fed(among)
    for isa in cpu_isas():
        for threads in (1, 3):
            session = NativeSession(model, threads=threads, isa=isa)
            session.prime(prompts(model), encoded(model))
            assert torch.equal(fed(session), expected)
    alone = NativeSession(model)
    alone.restore(first)
    symbols = torch.from_numpy(np.random.default_rng(8).integers(0, 6, (4, 5)))[:1]
    assert torch.equal(torch.cat([alone.feed(symbols), alone.peek()[:, None]], dim=1), expected[:1])


def test_positions_go_from_torch_to_the_engine_and_back(model: Seq2Seq) -> None:
    reference, native = both(model)
    expected = fed(both(model)[0])
    position = native.position
    assert named_leaves(position).keys() == named_leaves(reference.position).keys()
    second = NativeSession(model)
    second.restore(reference.position)
    reference.restore(position)
    assert_same(fed(second), expected)
    assert_same(fed(reference), expected)


def test_rows_join_and_leave(model: Seq2Seq) -> None:
    pair = both(model)
    for one in pair:
        first = one.position_of([0])
        one.leave([1, 2])
        one.join(first)
    assert_same(fed(pair[1]), fed(pair[0]))


def without_memory(network: State) -> State:
    return {name: part for name, part in network.items() if name != "memory"}


@pytest.mark.parametrize(("kind", "name"), [case for case in pair_cases.CASES if case[0] != "rnn"])
def test_fault_1_a_position_without_its_sources_or_with_others_is_refused(kind: str, name: str) -> None:
    model = make(kind, name).float()
    session = both(model)[1]
    position = session.position
    network, memory = position["network"], position["network"]["memory"]
    with refuses(DataError, "memory", "length"):
        session.restore({**position, "network": {**network, "memory": {**memory, "lengths": memory["lengths"] + 100}}})
    with refuses(DataError, "memory"):
        session.restore({**position, "network": without_memory(network)})
    shorter = {name: leaf if name == "lengths" else map_first(leaf) for name, leaf in memory.items()}
    with refuses(DataError, "memory"):
        session.restore({**position, "network": {**network, "memory": shorter}})
    assert_same(fed(session), fed(both(model)[0]))


def map_first(part: State) -> State:
    """Without the last channel, in every leaf."""
    if isinstance(part, Tensor):
        return part[..., :-1]
    return {name: map_first(one) for name, one in part.items()}
