"""From a recipe to sound: a voice that plans mel frames, with a vocoder of its mel, of another, and without one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.speech import speak as write_speech
from tests.generation.models import NETWORK
from tests.generation.symbol_models import make
from tests.recipes.small_runs import MEL, recipe
from tests.refusals import refuses
from undertow import checkpoint, score
from undertow.errors import DataError, UsageError
from undertow.evaluation.mel_voice_score import MelVoiceScore
from undertow.recipes import read_recipe, train
from undertow.speaking import speak

VOICE = {
    "kind": "text_to_mel",
    "features": MEL,
    "conditioner": {"labels": ["speaker"]},
    "network": {"kind": "rnn_attention", "channels": 6, "embedding_channels": 4},
    "reduction": 3,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: Any) -> Path:
    folder: Path = tmp_path_factory.mktemp("voice")
    write_speech(folder / "sung")
    said: list[str] = []
    data = {"kind": "spoken_text", "joined": 2, "trim_decibels": -40}
    trained = train(recipe(data, VOICE), folder / "run", data=folder / "sung", say=said.append)
    assert trained.progress.best_loss is not None and any("attention" in line for line in said)
    return folder / "run"


def vocoder(**changes: Any) -> Any:
    conditioner = dict(features={**MEL, **changes}, upsampling=dict(channels=4))
    emission = dict(kind="categorical")
    alphabet = dict(kind="mu_law", num_levels=16)
    return make(
        dict(sample_rate=8000, alphabet=alphabet, network=NETWORK, emission=emission, conditioner=conditioner)
    ).float()


def test_a_trained_voice_speaks_without_a_vocoder_and_says_so(run: Path) -> None:
    found = speak(run, "yes no", labels="ann")
    assert found.engine == "griffin-lim" and any("vocoder" in note for note in found.notes)
    assert len(found.drawn) % 240 == 0 and found.sentences[0].attention is not None
    assert np.array_equal(found.drawn, speak(run, "YES no", labels="ann").drawn)
    assert not np.array_equal(found.drawn, speak(run, "yes no", labels="bob").drawn)
    with refuses(DataError, "'q'"):
        speak(run, "q")


@pytest.mark.filterwarnings("ignore::undertow.models.ShortReceptiveFieldWarning")
def test_a_vocoder_must_have_the_mel_of_the_voice(run: Path) -> None:
    assert len(speak(run, "no", vocoder=vocoder()).drawn) % 240 == 0
    with refuses(UsageError, "low_hz 60", "low_hz 0"):
        speak(run, "no", vocoder=vocoder(low_hz=60.0))


def test_a_voice_of_mel_frames_has_a_score(run: Path) -> None:
    assert checkpoint.load(run).abilities == {"speak"}
    found = score(run, str(run.parent / "sung"), split="train")
    assert isinstance(found, MelVoiceScore) and found.num_texts > 0
    assert not found.has_learnt and "train" in found.verdict and found.mean_distance > 0
    with refuses(UsageError, "protocol", "mel_voice"):
        score(run, str(run.parent / "sung"), protocol="windows")


@pytest.mark.parametrize(
    "voice, drawer",
    [
        ("speak-fsdd", "vocoder-fsdd"),
        ("speak-prompts-mel", "vocoder-prompts"),
        ("speak-prompts-phones", "vocoder-prompts"),
    ],
)
def test_recipes_of_voices_and_vocoders_share_one_mel(voice: str, drawer: str) -> None:
    plans, reads = read_recipe(voice), read_recipe(drawer)
    mel = {"sample_rate": reads.data.sample_rate, **reads.model["conditioner"]["features"]}
    assert plans.model["features"] == mel
