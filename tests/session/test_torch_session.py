import pytest
import torch

from tests.generation.models import KINDS, build, prompt
from tests.refusals import refuses
from tests.session.rows import conditions
from undertow.batch import Condition
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.session.engines import make_session
from undertow.session.noise import Given, Philox, uniforms
from undertow.session.torch_session import TorchSession
from undertow.state import leaves, num_bytes


def next_params(session: TorchSession, condition: Condition) -> torch.Tensor:
    return session.peek(condition)[:, None]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [0, 1, 2, 9, 14, 15, 16, 31, 130])
def test_priming_in_one_call_is_stepping_one_by_one(kind: str, length: int) -> None:
    model = build(kind).eval()
    known, symbols = conditions(model), torch.from_numpy(prompt(length))
    session = TorchSession(model)
    session.prime([symbols], known)
    fed = torch.cat([torch.tensor([model.alphabet.start_symbol]), symbols])[None]
    with torch.inference_mode():
        state = model.init_state(1, known.steps(0, 1))
        for step in range(length + 1):
            params, state = model.step(fed[:, step : step + 1], state, known.steps(step, step + 1))
    after = next_params(session, known.steps(length, length + 1))
    torch.testing.assert_close(after, params, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_unequal_prompts_are_each_as_alone(kind: str) -> None:
    model, lengths = build(kind).eval(), [40, 3, 0, 40, 17]
    known = conditions(model, len(lengths))
    prompts = [torch.from_numpy(prompt(length, seed=row)) for row, length in enumerate(lengths)]
    together = TorchSession(model)
    together.prime(prompts, known)
    noise = uniforms(0, range(5), 0, 20, model.emission.num_uniforms)
    drawn = together.draw(Given(noise), 20, Sampling(), known.steps_from(lengths, 20))
    for row, length in enumerate(lengths):
        alone = TorchSession(model)
        alone.prime(prompts[row : row + 1], known.select([row]))
        condition = known.select([row]).steps(length, length + 20)
        assert torch.equal(alone.draw(Given(noise[row : row + 1]), 20, Sampling(), condition), drawn[row : row + 1])


@pytest.mark.parametrize("kind", KINDS)
def test_draws_what_the_whole_sequence_says(kind: str) -> None:
    """Every symbol drawn again from `forward` over all that came before it."""
    model = build(kind).eval()
    known, session = conditions(model), TorchSession(model)
    session.prime([torch.from_numpy(prompt(20))], known)
    noise = uniforms(0, [0], 0, 30, model.emission.num_uniforms)
    drawn = session.draw(Given(noise), 30, Sampling(), known.steps(20, 50))
    fed = torch.cat([torch.tensor([[model.alphabet.start_symbol]]), torch.from_numpy(prompt(20))[None], drawn], dim=1)
    with torch.no_grad():
        params = model.network(model._inputs(fed[:, :-1]), known.steps(0, 50))[:, 20:]
        expected = model.emission.sample(params, torch.from_numpy(noise), Sampling())
    assert torch.equal(drawn, expected)
    assert len(drawn.unique()) > 4


def test_state_does_not_grow() -> None:
    model = build("labels")
    session, sizes = TorchSession(model), []
    known = conditions(model, 2)
    for length in (0, 5, 300):
        session.prime([torch.from_numpy(prompt(length))] * 2, known)
        for _ in range(3):
            sizes.append((num_bytes(session.position), [leaf.shape for leaf in leaves(session.position)]))
            session.draw(Philox([0, 0], [0, 1], [0, 0], 1), 40, Sampling(), known.steps(0, 1))
    assert all(size == sizes[0] for size in sizes)


def test_a_position_is_a_copy() -> None:
    model = build()
    session, noise = TorchSession(model), uniforms(0, [0], 0, 25, 1)
    session.prime([torch.from_numpy(prompt(9))], conditions(model))
    position = session.position
    first = session.draw(Given(noise), 25, Sampling(), Condition())
    session.restore(position)
    assert torch.equal(session.draw(Given(noise), 25, Sampling(), Condition()), first)
    session.restore(position)
    assert torch.equal(session.draw(Given(noise), 25, Sampling(), Condition()), first)


def test_leaves_the_model_in_its_mode_and_without_gradients() -> None:
    model = build("labels").train()
    session = TorchSession(model)
    session.prime([torch.from_numpy(prompt(9))], conditions(model))
    session.draw(Philox([0], [0], [0], 1), 5, Sampling(), conditions(model).steps(0, 1))
    assert model.training and model.network.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(leaf.requires_grad or leaf.is_inference() for leaf in leaves(session.position))


def test_names_what_it_runs_on() -> None:
    session = make_session(build(), "auto")
    assert (session.engine, session.precision, session.num_threads) == ("torch", "float64", torch.get_num_threads())


def test_unknown_engine() -> None:
    with refuses(UsageError, "engine 'toch'", "'torch'"):
        make_session(build(), "toch")
