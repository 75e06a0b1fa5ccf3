"""The step a GPU captures, called as it is on the CPU."""

import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from tests.generation.models import KINDS, build
from tests.generation.symbol_models import FAMILIES, text_model
from tests.session.rows import LENGTHS, conditions, drawn, primed
from undertow.batch import Condition
from undertow.emissions import Sampling
from undertow.session.graphed import GraphedStep, write
from undertow.session.noise import Given, uniforms
from undertow.session.torch_session import MORE_ROOM, TorchSession
from undertow.state import leaves, map_state

PLAIN, FILTERED = Sampling(), Sampling(temperature=0.8, top_k=9, top_p=0.9)
CONTINUOUS = "scalar", "predicted"  # their emissions take only a temperature
SAMPLINGS = {
    kind: [PLAIN, Sampling(temperature=0), Sampling(temperature=0.7)] + [FILTERED] * (kind not in CONTINUOUS)
    for kind in KINDS
}


@pytest.mark.parametrize("kind", KINDS)
def test_draws_what_the_plain_step_draws(kind: str) -> None:
    model = build(kind)
    plain, place = drawn(model, False, SAMPLINGS[kind])
    static, other = drawn(model, True, SAMPLINGS[kind])
    assert torch.equal(static, plain)
    assert len(plain.unique()) > 4
    assert all(torch.equal(a, b) for a, b in zip(place, other, strict=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_draws_it_over_buffers(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In caches of one size: how sums over a room are cut depends on it, and so do their last bits."""
    monkeypatch.setitem(MORE_ROOM, False, MORE_ROOM[True])
    plain, place = drawn(text_model(family), False, [PLAIN])
    static, other = drawn(text_model(family), True, [PLAIN])
    assert torch.equal(static, plain)
    assert all(torch.equal(a, b) for a, b in zip(place, other, strict=True))


def test_stays_in_its_buffers() -> None:
    model = build("labels")
    session, known = primed(model, True)
    places = set()
    for size in (5, 1, 8):
        session.draw(Given(uniforms(0, range(3), 0, size, 1)), size, PLAIN, known.steps(0, 1))
        assert session._graphed is not None
        places.add(tuple(leaf.data_ptr() for leaf in leaves(session._graphed.position)))
    assert len(places) == 1


def test_a_position_goes_in_and_out() -> None:
    session, known = primed(build("features"), True)
    noise = uniforms(0, range(3), 0, 12, 1)
    position = session.position
    first = session.draw(Given(noise), 12, PLAIN, known.steps_from(LENGTHS, 12))
    after = session.position
    session.draw(Given(noise), 12, PLAIN, known.steps_from(LENGTHS, 12))
    session.restore(position)
    assert torch.equal(session.draw(Given(noise), 12, PLAIN, known.steps_from(LENGTHS, 12)), first)
    assert all(torch.equal(a, b) for a, b in zip(leaves(after), leaves(session.position), strict=True))
    assert not any(leaf.is_inference() for leaf in leaves(session.position))


def test_serves_one_sampling_and_one_set_of_shapes() -> None:
    model = build("labels").eval()
    session, known = primed(model, True)
    position, condition = session.position, known.steps(0, 1)
    with torch.inference_mode():
        step = GraphedStep(model, position, PLAIN, condition)
    fewer = map_state(lambda leaf: leaf[:2], position)
    assert step.fits(position, PLAIN, condition)
    assert not step.fits(position, FILTERED, condition)
    assert not step.fits(fewer, PLAIN, condition.rows(torch.arange(2)))
    assert not step.fits(position, PLAIN, Condition())


def test_a_state_that_moves_among_its_buffers() -> None:
    buffers = {name: torch.full((2,), float(value)) for value, name in enumerate("abc")}
    write(buffers, {"c": torch.ones(2), "a": buffers["c"][:], "b": buffers["a"]})  # by name, in any order
    assert [float(buffer[0]) for buffer in buffers.values()] == [2.0, 0.0, 1.0]


def asks_the_host(kind: str, sampling: Sampling) -> bool:
    """Whether a step needs a tensor's values on the host, which no captured step may (tensors without values show)."""
    model = build(kind).eval()
    known = conditions(model, 2)
    with torch.inference_mode():
        condition = known.steps(4, 5)
        pending, state = model.past(torch.zeros(2, 0, dtype=torch.int64)), model.init_state(2, condition)
    noise = torch.zeros(2, 1, model.emission.num_uniforms, dtype=torch.float64)
    with FakeTensorMode(allow_non_fake_inputs=True) as fake, torch.inference_mode():
        given = map_state(fake.from_tensor, {"pending": pending, "network": state, "noise": noise})
        try:
            params, _ = model.step(given["pending"], given["network"], condition)
            model.emission.sample(params, given["noise"], sampling)
        except DataDependentOutputException:
            return True
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_captured_asks_the_host_for_nothing(kind: str) -> None:
    for sampling in SAMPLINGS[kind]:
        assert not asks_the_host(kind, sampling)


@pytest.mark.gpu
@pytest.mark.parametrize("kind", KINDS)
def test_a_replayed_graph_draws_what_the_plain_step_draws(kind: str) -> None:
    model = build(kind).to("cuda")
    session = TorchSession(model)
    assert session.static and not session.notes
    plain, place = drawn(model, False, SAMPLINGS[kind])
    replayed, other = drawn(model, session.static, SAMPLINGS[kind])
    assert torch.equal(replayed, plain)
    assert all(torch.equal(a, b) for a, b in zip(place, other, strict=True))


@pytest.mark.gpu
@pytest.mark.parametrize("family", FAMILIES)
def test_a_replayed_graph_of_every_family(family: str) -> None:
    model = text_model(family).to("cuda")
    assert TorchSession(model).static
    plain, place = drawn(model, False, [PLAIN])
    replayed, other = drawn(model, True, [PLAIN])
    assert torch.equal(replayed, plain)
    assert all(torch.equal(a, b) for a, b in zip(place, other, strict=True))
