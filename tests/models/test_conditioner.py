"""Conditions: labels that are looked up and hidden, frames that are raised to the signal's rate and streamed."""

import math
from typing import Any

import pytest
import torch

from tests.refusals import refuses
from undertow.config import parse
from undertow.data.mel_prediction import mel_prediction
from undertow.data.mel_statistics import NAMES, RANGE
from undertow.errors import UsageError
from undertow.models.conditioner import Conditioner, Upsampling, prime_factors

LABELS = {"speaker": ["theo", "lucas"], "digit": ["0", "1", "2"]}
MEL = dict(kind="mel", sample_rate=100, hop_length=4, window_length=16, fft_size=16, num_channels=3, padding="zero")


def conditioner(**values: Any) -> Conditioner:
    torch.manual_seed(0)
    return Conditioner(parse(Conditioner.Config, values)).double().eval()


def frames(number: int = 6) -> torch.Tensor:
    return torch.randn(2, number, 3, generator=torch.Generator().manual_seed(1)).double()


def test_vectors_of_labels_are_summed_and_an_unknown_one_adds_nothing() -> None:
    made = conditioner(labels=LABELS, label_channels=4)
    speaker, digit = (table.weight for table in made.tables)
    found = made({"speaker": torch.tensor([1, -1]), "digit": torch.tensor([2, 0])}, None, 9, 2).aligned
    assert found is not None and found.shape == (2, 1, 4)
    torch.testing.assert_close(found[:, 0], torch.stack([speaker[2] + digit[3], digit[1]]))
    nothing = made({}, None, 9, 2).aligned
    assert nothing is not None and not nothing.any()


def test_training_hides_labels_and_nothing_else_does() -> None:
    made = conditioner(labels=LABELS, label_dropout=0.5).train()
    index = {"speaker": torch.zeros(400, dtype=torch.int64)}
    hidden = (made(index, None, 1, 400).aligned == 0).all(dim=-1)  # type: ignore[union-attr]
    assert 0.4 < hidden.double().mean() < 0.6
    assert made.eval()(index, None, 1, 400).aligned.any(dim=-1).all()  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["transposed", "repeat"])
@pytest.mark.parametrize("look_ahead", [0, 2])
@pytest.mark.parametrize("order", [0, 2])
def test_frames_streamed_are_frames_as_a_whole(kind: str, look_ahead: int, order: int) -> None:
    upsampling = dict(kind=kind, channels=5, look_ahead=look_ahead)
    made = conditioner(features=MEL, upsampling=upsampling, linear_prediction=order)
    whole = made({}, frames(), 22, 2).aligned
    assert whole is not None and whole.shape == (2, 22, made.channels)
    state, parts = made.init_state(2), []
    for start, stop in ((0, 8), (8, 12), (12, 22)):
        part, state = made.step({}, frames()[:, start // 4 :], stop - start, 2, state)
        assert part.aligned is not None
        parts.append(part.aligned)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=1e-12, atol=1e-12)


def test_a_linear_prediction_is_that_of_a_steps_own_frame() -> None:
    made = conditioner(features=MEL, upsampling=dict(channels=5, look_ahead=2), linear_prediction=2)
    assert (made.network_channels, made.channels) == (5, 10)
    found = made({}, frames(), 22, 2).aligned
    expected = mel_prediction(frames(), made.config.features, 2)
    assert found is not None
    for step in (0, 3, 4, 21):
        torch.testing.assert_close(found[:, step, 5:], expected[:, step // 4])
    plain = conditioner(features=MEL, upsampling=dict(channels=5, look_ahead=2))({}, frames(), 22, 2).aligned
    assert plain is not None and torch.equal(found[..., :5], plain)


def test_autocast_does_not_round_a_linear_prediction() -> None:
    made = conditioner(features=MEL, upsampling=dict(channels=5), linear_prediction=2).float()
    given = frames().float()
    with torch.autocast("cpu", torch.bfloat16):
        found = made({}, given, 24, 2).aligned
    expected = mel_prediction(given, made.config.features, 2).float().repeat_interleave(4, 1)
    assert found is not None and torch.equal(found[..., 5:], expected)


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        (dict(linear_prediction=2), ("linear_prediction", "mel")),
        (dict(linear_prediction=9, features=MEL), ("linear_prediction", 9, 8)),
        (dict(linear_prediction=2, features=dict(MEL, num_channels=1)), ("linear_prediction", "two mel bands")),
    ],
)
def test_a_linear_prediction_needs_mel_frames(values: dict[str, Any], parts: tuple[Any, ...]) -> None:
    with refuses(UsageError, *parts):
        conditioner(**values)


def test_mel_frames_are_brought_to_the_training_sets_mean_and_deviation() -> None:
    """And a saved conditioner, whose config has the statistics, does the same."""
    plain = conditioner(features=MEL, upsampling=dict(channels=5))
    spoken = torch.randn(4000, 3, generator=torch.Generator().manual_seed(2)).double() * 2 + torch.tensor([-5.0, 0, 3])
    span = float(spoken.sub(spoken.mean(0)).quantile(0.95) - spoken.sub(spoken.mean(0)).quantile(0.05))
    centre = [0.0] * len(NAMES)
    centre[RANGE] = math.log(span)
    found = dict(piece=9, num_pieces=1, spectrum=spoken.mean(0).tolist(), centre=centre, spread=[1.0] * len(NAMES))
    scaled = conditioner(
        features=MEL,
        upsampling=dict(channels=5),
        mel_statistics=dict(found, lowest=-9.0, highest=9.0, floor_share=0.0),
    )
    expected = plain({}, (spoken - spoken.mean(0))[None, :9] / 2, 30, 1).aligned
    given = scaled({}, spoken[None, :9], 30, 1).aligned
    assert expected is not None and given is not None
    torch.testing.assert_close(given, expected, rtol=0, atol=0.05 * float(expected.detach().std()))
    state = scaled.init_state(1)
    streamed = scaled.step({}, spoken[None, :9], 30, 1, state)[0].aligned
    torch.testing.assert_close(streamed, given, rtol=1e-12, atol=1e-12)


def test_a_frame_reaches_as_far_back_as_is_said() -> None:
    made = conditioner(features=MEL, upsampling=dict(channels=5, look_ahead=0))
    given = frames().requires_grad_()
    aligned = made({}, given, 24, 2).aligned
    assert aligned is not None
    aligned[:, 12].sum().backward()
    assert given.grad is not None
    seen = given.grad.abs().sum(dim=(0, 2)).nonzero().flatten().tolist()
    assert seen[-1] == 3 and (3 - seen[0]) * 4 <= made.past_steps


def test_frames_that_are_missing_or_too_few_are_refused() -> None:
    made = conditioner(features=MEL)
    with refuses(UsageError, "mel", "none"):
        made({}, None, 8, 2)
    with refuses(UsageError, "6 feature frames", 25):
        made({}, frames(), 25, 2)


def test_strides_multiply_to_the_hop() -> None:
    assert prime_factors(160) == [5, 2, 2, 2, 2, 2] and prime_factors(1) == []
    with refuses(UsageError, "(2, 3)", 6, 4):
        conditioner(features=MEL, upsampling=dict(strides=[2, 3]))
    assert Upsampling().strides == ()
