"""Sessions over models whose steps are frames of real values and a flag, with the memory of a source."""

from pathlib import Path

import pytest
import torch

from tests.models.pair_models import NUMBERS, make, speech
from tests.networks.pair_cases import FRAMED, SHAPES
from undertow.emissions import FRAME_EMISSIONS
from undertow.options import Sampling
from undertow.session import Session, conditions_of, log_prob, make_session
from undertow.session.noise import Philox
from undertow.state import load, save

KINDS = [case for case in FRAMED if case[1] == next(name for name in SHAPES[case[0]] if (case[0], name) in FRAMED)]
SAMPLINGS = [Sampling(), Sampling(temperature=0.5), Sampling(temperature=0.0)]


def begun(kind: str, name: str, engine: str = "torch", emission: str = "gaussian_frames") -> Session:
    """A session of three sources, before the first frame of each."""
    model = make(kind, name, alphabet=NUMBERS, emission={"kind": emission}).double().eval()
    session, batch = make_session(model, engine), speech()
    session.prime([batch.symbols[row, :0] for row in range(3)], conditions_of(model, batch))
    return session


def noise(start: int = 0, rows: tuple[int, ...] = (0, 1, 2)) -> Philox:
    """Of a frame's two channels and its flag."""
    return Philox([1] * len(rows), rows, [start] * len(rows), 3)


@pytest.mark.parametrize("emission", FRAME_EMISSIONS)
@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_frames_that_are_fed_have_the_density_of_one_call(kind: str, name: str, emission: str) -> None:
    session, batch = begun(kind, name, emission=emission), speech()
    whole = session.model.log_prob(batch).detach()
    torch.testing.assert_close(log_prob(session, batch, piece_steps=3), whole, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("emission", FRAME_EMISSIONS)
@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_frames_are_drawn_each_row_in_its_own_way_and_without_a_state_too(kind: str, name: str, emission: str) -> None:
    one, other = begun(kind, name, emission=emission), begun(kind, name, "uncached", emission)
    drawn = one.draw(noise(), 6, SAMPLINGS)
    assert drawn.shape == (3, 6, 3) and set(drawn[..., -1].unique().tolist()) <= {0.0, 1.0}
    assert len(drawn[0, :, :-1].unique()) == 12
    torch.testing.assert_close(other.draw(noise(), 6, SAMPLINGS), drawn, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_frames_go_on_after_a_pause(kind: str, name: str, tmp_path: Path) -> None:
    whole, session = begun(kind, name), begun(kind, name)
    expected = whole.draw(noise(), 9)
    assert torch.equal(session.draw(noise(), 4), expected[:, :4])
    save(session.position_of([2, 0]), tmp_path / "rows.safetensors")
    other = make_session(session.model, "torch")
    other.restore(load(tmp_path / "rows.safetensors"))
    drawn = other.draw(noise(4, rows=(2, 0)), 5)
    torch.testing.assert_close(drawn, expected[[2, 0], 4:], rtol=1e-9, atol=1e-9)
    session.feed(expected[:, 4:6])
    torch.testing.assert_close(session.draw(noise(6), 3), expected[:, 6:], rtol=1e-9, atol=1e-9)
