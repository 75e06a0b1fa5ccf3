"""A voice of mel frames from phones with times: what counts, what it learns, and from a recipe to sound."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.contract import assert_close
from tests.data.labelled_sounds import write_tones
from tests.models.voices import SMALL_MEL, SYMBOLS, batch, mel_voice, recordings
from tests.recipes.small_runs import recipe
from tests.refusals import refuses
from undertow import checkpoint
from undertow.data.crops import Crop
from undertow.data.features import build
from undertow.data.script import Script
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.models import complete
from undertow.models.likeness import likeness
from undertow.options import Manner
from undertow.recipes import score, train
from undertow.speaking import speak


def test_the_loss_is_of_counted_frames_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mel_voice(duration_weight=0.0, pitch_weight=0.0, likeness_weight=0.0).eval()
    examples = recordings(model, monkeypatch)
    given = batch(examples)
    model.begin(given)
    whole = model(given)
    assert int(whole.num_terms) == 9 + 5 + 7
    heard = model.hear(given)
    written = model.write(heard.frames, heard.num_frames)
    real = [build(model.config.features).of_clip(examples.clips[row]) for row in range(3)]
    errors = [
        (written[row, : len(one)] - model.scale(torch.from_numpy(one).double())).abs() for row, one in enumerate(real)
    ]
    assert_close(whole.value, torch.cat(errors).mean())
    decibels = torch.cat(errors) * model.scale.deviation * 20 / math.log(10)
    assert_close(whole.figures["mel_decibels"], decibels.mean().detach())
    parts = [
        model(batch(examples, Crop(row, first, last, 0)))
        for row, first, last in ((0, 0, 4), (0, 4, 9), (1, 0, 5), (2, 0, 7))
    ]
    assert_close(sum(one.value * int(one.num_terms) for one in parts) / 21, whole.value)
    both = mel_voice(duration_weight=0.0, pitch_weight=0.0, likeness_weight=0.5).eval()
    both.load_state_dict(model.state_dict())
    alike = likeness(written, model.scale(given.symbols), given.counted[..., None])[given.counted]
    assert_close(both(given).figures["likeness"], alike.mean().detach())
    assert_close(both(given).value, whole.value + 0.5 * (1 - alike).mean())
    garbage = replace(given, symbols=torch.where(given.counted[..., None], given.symbols, 1e9))
    assert_close(both(garbage).value, both(given).value)


def test_every_weight_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mel_voice().train()
    given = batch(recordings(model, monkeypatch))
    loss = model(given)
    loss.value.backward()
    assert all(one.grad is not None for one in model.parameters())
    assert list(loss.figures) == ["mel_decibels", "likeness", "duration_error", "voicing_error", "pitch_error"]


@torch.no_grad()
def test_it_writes_what_it_learnt_to_write() -> None:
    model = mel_voice().eval()
    symbols, labels = torch.tensor([3, 0, 1, 3]), {"speaker": torch.tensor([1])}
    planned = model.speak_frames(symbols, labels)
    assert planned.frames.shape == (int(planned.durations.sum()), 5) and planned.stopped
    plan = model.plan(symbols, labels, Manner())
    assert_close(planned.frames, model.scale.undo(model.write(plan.frames[None], torch.tensor([len(plan.frames)]))[0]))
    other = model.speak_frames(symbols, {"speaker": torch.tensor([0])})
    assert not torch.equal(other.frames[:3], planned.frames[:3])


def test_what_it_takes_from_its_data_and_what_is_refused() -> None:
    script = Script(SYMBOLS, "phones", "SIL", {"ab": "A B"})
    told = Told(real="sound", sample_rate=2000, labels={"speaker": Label(("ann", "bob"))}, script=script)
    values = {**SMALL_MEL, "conditioner": {"labels": ["speaker"]}}
    made = complete(values, told, print)
    assert made.symbols == SYMBOLS and made.conditioner.labels["speaker"] == ("ann", "bob")
    with refuses(UsageError, "data.kind=speech"):
        complete(values, replace(told, script=None), print)
    with refuses(UsageError, "model.features", "kind: mel"):
        complete({**values, "features": {}}, told, print)
    with refuses(UsageError, "network", "images"):
        mel_voice(network={"kind": "image_context", "front": {"kind": "vgg"}})


def test_from_a_folder_to_a_score_and_a_sound(tmp_path: Path) -> None:
    folder = write_tones(tmp_path / "tones")
    (folder / "metadata.csv").write_text("file,text\ntrain/take0.wav,low high\ntrain/take3.wav,ah\n")
    features = {**SMALL_MEL["features"], "sample_rate": 8000, "hop_length": 80, "window_length": 160, "fft_size": 256}
    made = recipe({"kind": "speech"}, {**SMALL_MEL, "features": features})
    said: list[str] = []
    trained = train(made, tmp_path / "run", data=folder, say=said.append)
    assert trained.progress.step == 2
    loaded: Any = checkpoint.load(tmp_path / "run")
    found: Any = score(loaded, str(folder), split="validation")
    assert found.unit == "frame" and found.bits is None and found.decibels > 0 and found.num_recordings == 3
    assert found.distance > 0 and found.mean_distance > 0
    spoken = speak(loaded, "high low")
    assert spoken.engine == "griffin-lim" and len(spoken.drawn) % 80 == 0
    assert [one.label for one in spoken.sentences[0].symbols] == ["SIL", "high", "low", "SIL"]
    assert spoken.sentences[0].pitch is not None and np.array_equal(spoken.drawn, speak(loaded, "high low").drawn)
    with refuses(UsageError, "data.sample_rate", "16000", "8000"):
        train({**made, "data": {"kind": "speech", "sample_rate": 16000}}, tmp_path / "a", data=folder)
    with refuses(UsageError, "mel"):
        train(recipe({"kind": "spoken_text"}, {**SMALL_MEL, "features": features}), tmp_path / "b", data=folder)
