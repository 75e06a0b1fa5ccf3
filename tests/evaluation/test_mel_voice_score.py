"""The score of a voice of mel frames, beside figures found by hand."""

import math

import numpy as np
import pytest
import torch

from tests.evaluation.test_scorers import spoken
from tests.models.test_text_to_mel import make
from undertow.evaluation.mel_voice_score import score_mel_voice
from undertow.models import TextToMel


class Parrot:
    """Writes given frames, whatever the texts are."""

    def __init__(self, model: TextToMel, frames: list[np.ndarray], stopped: bool = True) -> None:
        self.model, self.frames, self.stopped = model, iter(frames), stopped

    def write(self, sources, labels):
        written = [torch.tensor(next(self.frames)).double() for _ in sources]
        return [type("Written", (), {"frames": one, "stopped": self.stopped})() for one in written]

    def __call__(self, batch):
        return self.model(batch)

    def __getattr__(self, name):
        return getattr(self.model, name)


def test_what_it_says_exactly_is_at_no_distance() -> None:
    examples, model = spoken(), make()
    found = score_mel_voice(Parrot(model, list(examples.targets)), examples)
    assert (found.distance, found.length_factor, found.ended) == (0.0, 1.0, 1.0) and found.has_learnt
    mean = np.concatenate(examples.targets).astype(float).mean(axis=0)
    apart = [np.sqrt(np.square(one - mean).mean(axis=1)).mean() for one in examples.targets]
    assert found.mean_distance == pytest.approx(20 / math.log(10) * np.mean(apart))


def test_a_decibel_twice_the_length_and_no_end() -> None:
    examples, model = spoken(), make()
    louder = [np.repeat(one + math.log(10) / 20, 2, axis=0) for one in examples.targets]
    found = score_mel_voice(Parrot(model, louder, stopped=False), examples)
    assert found.length_factor == pytest.approx(2) and found.ended == 0 and found.distance <= 1 + 1e-9
    assert not found.has_learnt and "ends" in found.verdict


def test_nats_are_those_of_the_loss() -> None:
    examples, model = spoken(), make(guided={"weight": 0.0}, stop_weight=1.0)
    found = score_mel_voice(model, examples)
    assert found.num_texts == 2 and found.num_frames == 13 and math.isfinite(found.nats)
    assert found.lines and "attention" in found.lines[0]
