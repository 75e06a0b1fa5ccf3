"""Small voices, and batches of recordings for them."""

from typing import Any

import numpy as np
import torch

from undertow.batch import Batch
from undertow.config import parse
from undertow.data.batches import collate
from undertow.data.clips import Clip, ClipSet
from undertow.data.crops import Crop
from undertow.data.speech import SpeechExamples, SpokenFrames
from undertow.models import PhonesToMel, TextToWave
from undertow.models.phone_voice import PhoneVoice

RATE, HOP = 2000, 20
SYMBOLS = ("A", "B", "C", "SIL")
LABELLER = {"kind": "sequence_context", "channels": 4, "context": {"dilations": [1, 2]}}
SMALL: dict[str, Any] = {
    "kind": "text_to_wave",
    "alphabet": {"kind": "mu_law", "num_levels": 6},
    "hop_length": HOP,
    "channels": 4,
    "encoder": LABELLER,
    "durations": LABELLER,
    "pitch": LABELLER,
    "network": {
        "kind": "wavenet",
        "input": "scalar",
        "num_cycles": 1,
        "layers_per_cycle": 4,
        "residual_channels": 4,
        "gate_channels": 4,
        "skip_channels": 6,
    },
    "emission": {"kind": "categorical"},
    "conditioner": {"label_dropout": 0.0, "upsampling": {"channels": 4, "kernel_size": 2, "look_ahead": 1}},
}
SMALL_MEL: dict[str, Any] = {
    "kind": "phones_to_mel",
    "features": {
        "kind": "mel",
        "sample_rate": RATE,
        "hop_length": HOP,
        "window_length": 40,
        "fft_size": 64,
        "num_channels": 5,
    },
    "channels": 4,
    "encoder": LABELLER,
    "durations": LABELLER,
    "pitch": LABELLER,
    "network": LABELLER,
    "conditioner": {"label_dropout": 0.0},
}
READS = {"symbols": SYMBOLS, "words": {"ab": "A B", "cab": "C A B"}, "sample_rate": RATE}
SPEAKERS = {"speaker": ["theo", "lucas"]}


def voice(**changes: Any) -> TextToWave:
    """A voice that draws waves."""
    conditioner = {**SMALL["conditioner"], "labels": SPEAKERS}
    return filled(TextToWave, {**SMALL, **READS, "conditioner": conditioner, **changes})


def mel_voice(**changes: Any) -> PhonesToMel:
    """A voice that writes mel frames."""
    conditioner = {**SMALL_MEL["conditioner"], "labels": SPEAKERS}
    read = {name: READS[name] for name in ("symbols", "words")}
    return filled(PhonesToMel, {**SMALL_MEL, **read, "conditioner": conditioner, **changes})


def filled(kind: Any, values: dict[str, Any]) -> Any:
    torch.manual_seed(0)
    model = kind(parse(kind.Config, values)).double()
    with torch.no_grad():
        for labeller in (model.encoder, model.durations, model.pitch, *([] if model.decoder else [model.network])):
            for one in labeller.parameters():  # so that nothing is hidden by a ReLU
                one.uniform_(-0.1, 0.3)
    return model


def made_up(monkeypatch: Any) -> None:
    """A pitch that tests know, in place of the tracked one."""
    monkeypatch.setattr(
        "undertow.data.speech.track", lambda wave, *_: np.where(np.arange(-(-len(wave) // HOP)) % 3, 120.0 + wave[0], 0)
    )


def recordings(model: PhoneVoice, monkeypatch: Any = None) -> SpeechExamples:
    """Three recordings of 9, 5 and 7 frames, the last frame of each cut short; the pitch may be made up."""
    random = np.random.default_rng(0)
    if monkeypatch is not None:
        made_up(monkeypatch)
    symbols = [np.array(one) for one in ([(3, 2), (0, 3), (1, 3), (3, 1)], [(2, 1), (0, 4)], [(3, 3), (2, 4)])]
    clips = []
    for index, one in enumerate(symbols):
        wave = random.integers(-9000, 9000, int(one[:, 1].sum()) * HOP - 7).astype(np.int16)
        clips.append(Clip(f"clip {index}", wave, {"speaker": SPEAKERS["speaker"][index % 2]}))
    kind = SpokenFrames if model.decoder is None else SpeechExamples
    return kind(ClipSet(clips, RATE, SPEAKERS), model.needs, symbols, (60, 400))


def batch(examples: SpeechExamples, *crops: Crop) -> Batch:
    """Whole recordings, or crops of them."""
    whole = [Crop(index, 0, int(length), 0) for index, length in enumerate(examples.lengths)]
    return collate(examples, crops or whole, look_ahead=int(examples.hop > 1), round_steps=1).to("cpu", torch.float64)
