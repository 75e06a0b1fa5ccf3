"""The measure by which the best validation of a voice of mel frames is chosen."""

import math

import numpy as np
import pytest
import torch

from tests.evaluation.test_mel_voice_score import Parrot
from tests.evaluation.test_scorers import spoken
from tests.models.test_text_to_mel import make
from tests.models.voices import batch, mel_voice, recordings, voice
from undertow.data.pair_batches import collate_pairs
from undertow.evaluation.mel_voice_score import score_mel_voice
from undertow.evaluation.speech_score import score_speech
from undertow.evaluation.takes import speak_phones
from undertow.recipes.spoken_measure import SpokenMeasure
from undertow.recipes.tasks.speech import SpeechTask
from undertow.recipes.tasks.spoken_text import SpokenTextTask


def test_it_is_the_distance_of_the_score() -> None:
    """Of 13 frames of two texts, in two batches; a decibel more in one of them is half a decibel."""
    examples, model = spoken(), make()
    measure = SpokenMeasure([collate_pairs(examples, [0]), collate_pairs(examples, [1])])
    exact = measure(Parrot(model, list(examples.targets)))
    assert (exact.cost, exact.figures["ended"]) == (0.0, 1.0)
    louder = [examples.targets[0], examples.targets[1] + math.log(10) / 20]
    found = measure(Parrot(model, louder, stopped=False))
    assert 0 < found.cost <= 0.5 + 1e-9 and found.figures == {"spoken_decibels": found.cost, "ended": 0.0}
    assert f"{found.cost:.2f} dB from the recordings, 0% of texts end" == found.text
    assert measure(model).cost == pytest.approx(score_mel_voice(model, examples).distance)


def test_a_voice_of_phones_is_measured_by_what_it_speaks_with_its_own_durations(monkeypatch) -> None:
    model = mel_voice().eval()
    examples = recordings(model, monkeypatch)
    for validate, kind in (("spoken", SpokenMeasure), ("loss", type(None))):
        task = SpeechTask(SpeechTask.Config(source="prompts", validate=validate), print)
        assert isinstance(task.measure(examples), kind)
        assert task.measure(recordings(voice())) is None  # it draws waves
    measure = SpeechTask(SpeechTask.Config(source="prompts"), print).measure(examples)
    found = measure(model)
    assert found.cost == pytest.approx(score_speech(model, examples).distance) and found.figures["ended"] == 1
    assert found.text == f"{found.cost:.2f} dB from the recordings"
    take = speak_phones(model, batch(examples))
    said = model.speak_frames(torch.tensor([2, 0]), {"speaker": torch.tensor([1])})
    assert np.array_equal(take.spoken[1], said.frames.detach().numpy())
    assert np.allclose(take.real[1], examples.read(1, 0, 5))


@torch.no_grad()
def test_a_sentence_planned_too_long_stands_as_the_mean_frame(monkeypatch) -> None:
    short = {"kind": "transformer", "channels": 4, "num_heads": 1, "num_layers": 1, "max_length": 12}
    model = mel_voice(network=short).eval()
    given = batch(recordings(model, monkeypatch))
    model.begin(given)
    assert speak_phones(model, given).num_ended == 3
    model.durations.output.bias.fill_(1.5)  # though all recordings fit
    take = speak_phones(model, given)
    assert take.num_ended == 2 and np.array_equal(take.spoken[0], model.scale.mean[None].numpy())


def test_recipes_choose_between_it_and_the_loss() -> None:
    examples = spoken()
    for validate, kind in (("spoken", SpokenMeasure), ("nats", type(None))):
        task = SpokenTextTask(SpokenTextTask.Config(source="fsdd", label="digit", validate=validate), print)
        assert isinstance(task.measure(examples), kind)
    task = SpokenTextTask(SpokenTextTask.Config(source="fsdd", label="digit", num_spoken=1), print)
    measure = task.measure(examples)
    assert isinstance(measure, SpokenMeasure) and [len(batch.symbols) for batch in measure.batches] == [1]
    assert np.array_equal(measure.batches[0].symbols[0][:, :-1].numpy(), examples.targets[0].astype(np.float32))
