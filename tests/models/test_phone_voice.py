"""A voice of phones with times, whatever makes its sound: what it hears of recordings, and what it plans to speak."""

import math
from typing import Any

import pytest
import torch

from tests.contract import assert_close
from tests.models.voices import HOP, RATE, batch, mel_voice, recordings, voice
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.errors import DataError
from undertow.models.phone_voice import PITCHES
from undertow.options import Manner

MAKERS: list[Any] = [voice, mel_voice]


@pytest.mark.parametrize("make", MAKERS)
def test_it_hears_the_symbols_and_frames_of_recordings(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make().eval()
    given = batch(recordings(model, monkeypatch))
    given.source[1, 5:] = math.nan  # behind its end
    said = model.utterances(given)
    assert said.durations.tolist() == [[2, 3, 3, 1], [1, 4, 0, 0], [3, 4, 0, 0]]
    assert said.lengths.tolist() == [4, 2, 2] and said.num_frames.tolist() == [9, 5, 7]
    assert said.symbols.tolist() == [[3, 0, 1, 3], [2, 0, 0, 0], [3, 2, 0, 0]]
    heard = model.hear(given)
    assert heard.frames.shape == (3, 9, model.config.frame_channels)
    assert torch.isfinite(heard.loss) and not heard.frames[1, 5:, :-PITCHES].any()


@torch.no_grad()
@pytest.mark.parametrize("make", MAKERS)
def test_it_plans_the_frames_that_it_learnt_from(make: Any) -> None:
    model = make().eval()
    symbols, labels = torch.tensor([3, 0, 1, 3]), {"speaker": torch.tensor([1])}
    plan = model.plan(symbols, labels, Manner())
    assert plan.frames.shape == (int(plan.durations.sum()), model.config.frame_channels)
    heard = model.hear(batch_of(symbols, plan.durations, plan.hz, labels))  # as if it were a recording
    assert_close(heard.frames[0], plan.frames)
    slow = model.speak_frames(symbols, labels, manner=Manner(speed=0.25, pitch=12))
    assert int(slow.durations.sum()) == len(slow.frames) == pytest.approx(4 * int(plan.durations.sum()), abs=8)
    voiced = slow.pitch[slow.pitch > 0]
    assert len(voiced) and float(voiced[0]) > 1.5 * float(plan.hz.max())
    model.durations.output.bias.fill_(40.0)
    assert model.speak_frames(symbols, labels).durations.tolist() == [3 * RATE // HOP] * 4
    model.durations.output.bias.fill_(math.nan)
    with refuses(DataError, "not a number"):
        model.speak_frames(symbols, labels)


@pytest.mark.parametrize("make", MAKERS)
def test_sentences_must_fit_a_network(make: Any) -> None:
    short = {"kind": "transformer", "channels": 4, "num_heads": 1, "num_layers": 1, "max_length": 3}
    for part, noun in (("encoder", "4 symbols"), ("pitch", "frames")):
        with refuses(DataError, noun, "'transformer'", "3"):
            make(**{part: short}).speak_frames(torch.tensor([3, 0, 1, 3]), {"speaker": torch.tensor([1])})


def batch_of(symbols: Any, durations: Any, hz: Any, labels: Any) -> Batch:
    places = torch.repeat_interleave(torch.arange(len(symbols)), durations)
    source = torch.stack([symbols[places].double(), places.double(), hz.double()], dim=-1)[None]
    empty = torch.zeros(1, 0, dtype=torch.int64)
    return Batch(empty, empty.bool(), labels, source=source, source_lengths=torch.tensor([len(places)]))
