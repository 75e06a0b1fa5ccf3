"""A voice: crops see what whole recordings see, each part learns, and speaking uses the frames of training."""

import math
from dataclasses import replace

import pytest
import torch

from tests.contract import assert_close
from tests.contract_model import check_model
from tests.models.voices import HOP, RATE, READS, SMALL, SYMBOLS, batch, recordings, voice
from tests.refusals import refuses
from undertow.data.crops import Crop
from undertow.data.script import Script
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.models import complete
from undertow.models.phone_voice import crop


def test_rows_are_independent_and_crops_see_their_whole_recording(monkeypatch) -> None:
    model = voice().eval()
    examples = recordings(model, monkeypatch)
    together = batch(examples)
    together.source[1, 5:] = math.nan  # behind its end
    assert together.source_lengths.tolist() == [9, 5, 7]
    whole = crop(model.hear(together).frames, together)
    for row, frames in enumerate((9, 5, 7)):
        start = 2 * HOP
        alone = batch(examples, Crop(row, start + HOP, int(examples.lengths[row]), HOP))
        found = crop(model.hear(alone).frames, alone)
        assert_close(found[0, : frames - 2], whole[row, 2:frames])


def test_the_loss_has_its_parts_and_every_weight_learns(monkeypatch) -> None:
    model = voice(duration_weight=0.5, pitch_weight=2.0).train()
    given = batch(recordings(model, monkeypatch))
    loss = model(given)
    loss.value.backward()
    assert all(one.grad is not None for one in model.parameters())
    assert int(loss.num_terms) == int(given.counted.sum()) == sum((9, 5, 7)) * HOP - 21
    names = ["sound_bits", "duration_error", "voicing_error", "pitch_error"]
    assert list(loss.figures) == names and all(math.isfinite(float(one)) for one in loss.figures.values())
    model.eval()
    other = model(given)
    silent = voice(duration_weight=0.0, pitch_weight=0.0).eval()
    silent.load_state_dict(model.state_dict())
    assert float(silent(given).value.detach()) == pytest.approx(float(other.figures["sound_bits"]) * math.log(2))
    with refuses(UsageError, "carry_state"):
        model(replace(given, continues=torch.ones(3, dtype=torch.bool)))


def test_its_decoder_is_a_model_like_any_other(monkeypatch) -> None:
    model = voice().eval()
    given = batch(recordings(model, monkeypatch), Crop(0, 0, 3 * HOP, 0), Crop(1, 0, 2 * HOP, 0))
    frames = crop(model.hear(given).frames, given).detach()
    check_model(model.decoder, replace(given, features=frames, source=None, source_lengths=None))


def test_what_it_takes_from_its_data_and_what_is_refused() -> None:
    script = Script(SYMBOLS, "phones", "SIL", {"ab": "A B"})
    told = Told(real="sound", sample_rate=RATE, labels={"speaker": Label(("ann", "bob"))}, script=script)
    values = {**SMALL, "conditioner": {"labels": ["speaker"]}}
    made = complete(values, told, print)
    assert (
        made.symbols == SYMBOLS and made.words == {"ab": "A B"} and made.conditioner.labels["speaker"] == ("ann", "bob")
    )
    with refuses(UsageError, "data.kind=speech"):
        complete(values, replace(told, script=None), print)
    with refuses(UsageError, "data.sample_rate"):
        complete(values, replace(told, sample_rate=None), print)
    mel = {"kind": "mel", "sample_rate": RATE, "hop_length": HOP, "window_length": 40, "fft_size": 64}
    for changes, parts in (
        ({"pause": "#"}, ["pause", "'#'"]),
        ({"conditioner": {"features": mel}}, ["conditioner.features"]),
    ):
        with refuses(UsageError, *parts):
            voice(**changes)
    assert READS["words"] == dict(voice().script.words)
