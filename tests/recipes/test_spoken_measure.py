"""The measure by which the best validation of a voice of mel frames is chosen."""

import math

import numpy as np
import pytest

from tests.evaluation.test_mel_voice_score import Parrot
from tests.evaluation.test_scorers import spoken
from tests.models.test_text_to_mel import make
from undertow.data.pair_batches import collate_pairs
from undertow.evaluation.mel_voice_score import score_mel_voice
from undertow.recipes.spoken_measure import SpokenMeasure
from undertow.recipes.tasks.spoken_text import SpokenTextTask


def test_it_is_the_distance_of_the_score() -> None:
    """Of 13 frames of two texts, in two batches; a decibel more in one of them is half a decibel."""
    examples, model = spoken(), make()
    measure = SpokenMeasure([collate_pairs(examples, [0]), collate_pairs(examples, [1])])
    exact = measure(Parrot(model, list(examples.targets)))
    assert (exact.cost, exact.figures["ended"]) == (0.0, 1.0)
    louder = [examples.targets[0], examples.targets[1] + math.log(10) / 20]
    found = measure(Parrot(model, louder, stopped=False))
    assert 0 < found.cost <= 0.5 + 1e-9 and found.figures == {"decibels": found.cost, "ended": 0.0}
    assert f"{found.cost:.2f} dB from the recordings, 0% of texts end" == found.text
    assert measure(model).cost == pytest.approx(score_mel_voice(model, examples).distance)


def test_recipes_choose_between_it_and_the_loss() -> None:
    examples = spoken()
    for validate, kind in (("spoken", SpokenMeasure), ("nats", type(None))):
        task = SpokenTextTask(SpokenTextTask.Config(source="fsdd", label="digit", validate=validate), print)
        assert isinstance(task.measure(examples), kind)
    task = SpokenTextTask(SpokenTextTask.Config(source="fsdd", label="digit", num_spoken=1), print)
    measure = task.measure(examples)
    assert isinstance(measure, SpokenMeasure) and [len(batch.symbols) for batch in measure.batches] == [1]
    assert np.array_equal(measure.batches[0].symbols[0][:, :-1].numpy(), examples.targets[0].astype(np.float32))
