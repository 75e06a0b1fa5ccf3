"""The contract of a session: rows join, leave, are saved and rewound at unequal positions, each in its own way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.decoding.pair_models import LENGTHS, make, sources
from tests.generation.symbol_models import FAMILIES, text_model
from tests.networks.pair_cases import SHAPES
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.errors import UsageError
from undertow.options import Sampling
from undertow.session import Conditions, Encoded, Known, Session, log_likelihood, log_prob, make_session
from undertow.session.noise import Given, Philox, uniforms
from undertow.state import load, save

KINDS = [*FAMILIES, *(f"{kind} with a source" for kind in SHAPES)]
PROMPT_LENGTHS = [5, 0, 9, 2]
SAMPLINGS = [Sampling(), Sampling(temperature=0.5), Sampling(top_k=3), Sampling(temperature=0.5)]


def begun(kind: str, engine: str = "torch") -> Session:
    """A session of four rows after unequal prompts."""
    name = kind.removesuffix(" with a source")
    model: Any = text_model(kind) if kind in FAMILIES else make(name, next(iter(SHAPES[name])))
    if engine == "native":
        model = model.float()
    model = model.eval()
    rng = np.random.default_rng(0)
    prompts = [torch.from_numpy(rng.integers(0, model.alphabet.num_symbols, length)) for length in PROMPT_LENGTHS]
    session = make_session(model, engine)
    session.prime(prompts, conditions(model, kind))
    return session


def conditions(model: Any, kind: str) -> Conditions:
    if kind in FAMILIES:
        return Known(model, 4, {})
    return Encoded(model, 4, sources(model), LENGTHS)


def noise(start: int = 0, rows: tuple[int, ...] = (0, 1, 2, 3)) -> Philox:
    return Philox([1] * len(rows), rows, [start] * len(rows), 1)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_state_come_the_same_parameters_and_symbols(kind: str) -> None:
    torch_, uncached = begun(kind), begun(kind, "uncached")
    known = torch.randint(0, 6, (4, 3), generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(torch_.feed(known), uncached.feed(known), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(torch_.peek(), uncached.peek(), rtol=1e-9, atol=1e-9)
    drawn = [session.draw(noise(), 6, SAMPLINGS) for session in (torch_, uncached)]
    assert torch.equal(*drawn) and len(drawn[0].unique()) > 2


@pytest.mark.native
@pytest.mark.parametrize("kind", ["wavenet", "bytenet", "tcn"])
def test_the_native_engine_gives_them_too(kind: str) -> None:
    native, torch_ = begun(kind, "native"), begun(kind)
    known = torch.randint(0, 6, (4, 3), generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(native.feed(known).double(), torch_.feed(known), rtol=1e-3, atol=1e-3)
    assert torch.equal(native.draw(noise(), 6, SAMPLINGS), torch_.draw(noise(), 6, SAMPLINGS))
    check_rows(kind, "native")


@pytest.mark.parametrize("kind", KINDS)
def test_rows_come_and_go_and_the_others_stay_as_they_are(kind: str) -> None:
    check_rows(kind, "torch")


def check_rows(kind: str, engine: str) -> None:
    alone, session = begun(kind, engine), begun(kind, engine)
    expected = alone.draw(noise(), 12)
    assert torch.equal(session.draw(noise(), 4), expected[:, :4])
    kept = session.position_of([1])
    assert torch.equal(session.draw(noise(4), 3), expected[:, 4:7])
    session.rewind(1, kept)
    drawn = session.draw(Given(np.stack([uniforms(1, [r], 4 if r == 1 else 7, 3, 1)[0] for r in range(4)])), 3)
    assert torch.equal(drawn[1], expected[1, 4:7]) and torch.equal(drawn[[0, 2, 3]], expected[[0, 2, 3], 7:10])
    session.leave([0, 3])
    session.join(kept)
    ahead = [(2, 10), (1, 4)]
    drawn = session.draw(Given(np.stack([uniforms(1, [r], at, 2, 1)[0] for r, at in [(1, 7), *ahead]])), 2)
    assert torch.equal(drawn, torch.stack([expected[1, 7:9], expected[2, 10:12], expected[1, 4:6]]))
    session.select([2, 2])
    assert session.num_rows == 2
    twice = session.draw(Given(uniforms(1, [1], 6, 3, 1).repeat(2, axis=0)), 3)
    assert torch.equal(twice, expected[[1, 1], 6:9])


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_saved_and_goes_on_elsewhere(kind: str, tmp_path: Path) -> None:
    session = begun(kind)
    expected = session.position_of([2])
    save(expected, tmp_path / "row.safetensors")
    drawn, other = session.draw(noise(), 5)[2], make_session(session.model, "torch")
    other.restore(load(tmp_path / "row.safetensors"))
    assert torch.equal(other.draw(noise(rows=(2,)), 5)[0], drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_peeked_at_is_fed_without_a_second_step(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session, plain = begun(kind), begun(kind)
    first = session.peek()
    with monkeypatch.context() as patch:
        patch.setattr(session.model, "step", None)
        assert torch.equal(session.feed(torch.tensor([[1], [2], [3], [4]]))[:, 0], first)
    torch.testing.assert_close(plain.feed(torch.tensor([[1], [2], [3], [4]]))[:, 0], first, rtol=1e-9, atol=1e-9)
    session.peek()
    session.select([3, 1])
    plain.select([3, 1])
    assert torch.equal(session.draw(noise(rows=(3, 1)), 4), plain.draw(noise(rows=(3, 1)), 4))


@pytest.mark.parametrize("kind", KINDS)
def test_likelihood_in_pieces_is_that_of_one_call(kind: str) -> None:
    session = begun(kind)
    model: Any = session.model
    symbols = torch.randint(0, 6, (4, 11), generator=torch.Generator().manual_seed(3))
    counted = torch.arange(11) < torch.tensor([11, 4, 1, 7])[:, None]
    given = {} if kind in FAMILIES else {"source": sources(model), "source_lengths": LENGTHS}
    batch = Batch(symbols=symbols, counted=counted, **given)
    whole = log_prob(session, batch, 11)
    assert not whole[~counted].any()
    torch.testing.assert_close(log_prob(session, batch, 3), whole, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(log_likelihood(session, batch, 4), whole.sum(dim=1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("engine", ["torch", "uncached"])
def test_more_than_the_network_holds_is_refused(engine: str) -> None:
    session = begun("transformer", engine)
    with refuses(UsageError, 64):
        session.draw(noise(), 60)


@pytest.mark.parametrize("kind", SHAPES)
def test_torch_steps_what_the_native_engine_cannot(kind: str) -> None:
    session = make_session(make(kind, next(iter(SHAPES[kind]))))  # in float64
    assert session.engine == "torch" and "torch steps this model" in session.notes[0]
