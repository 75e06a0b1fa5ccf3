"""The score of a voice: its sound, durations and pitch, from a recipe and a folder of labelled tones."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.labelled_sounds import write_tones
from tests.models.voices import HOP, SMALL, mel_voice, recordings, voice
from tests.recipes.small_runs import recipe
from tests.refusals import refuses
from undertow import checkpoint
from undertow.cli.score_lines import speech_lines
from undertow.errors import UsageError
from undertow.evaluation.speech_score import score_speech
from undertow.recipes import score, train
from undertow.speaking import speak


def test_figures_are_those_of_the_loss_and_of_means(monkeypatch) -> None:
    model = voice().eval()
    examples = recordings(model, monkeypatch)
    found = score_speech(model, examples)
    assert found.num_recordings == 3 and found.num_steps == examples.num_symbols and found.bits > 0
    logs = [math.log(frames) for frames in (2, 3, 3, 1, 1, 4, 3, 4)]
    mean = sum(logs) / len(logs)
    expected = math.exp(sum(abs(one - mean) for one in logs) / len(logs))
    assert found.mean_duration_factor == pytest.approx(expected) and found.duration_factor > 1
    assert not found.has_learnt and "train" in found.verdict


def test_pitch_is_not_judged_where_nothing_is_voiced(monkeypatch) -> None:
    model = mel_voice().eval()
    monkeypatch.setattr("undertow.data.speech.track", lambda wave, *_: np.zeros(-(-len(wave) // HOP)))
    found = score_speech(model, recordings(model))
    assert not found.has_pitch and found.pitch_semitones == 0
    better = replace(found, duration_factor=1.0, distance=0.0)
    assert better.has_learnt and any("no pitch to judge" in line for line in speech_lines("a voice", better))
    assert not replace(better, distance=found.mean_distance).has_learnt


def test_from_a_folder_to_a_score_and_a_word(tmp_path: Path) -> None:
    folder = write_tones(tmp_path / "tones")
    (folder / "metadata.csv").write_text("file,text\ntrain/take0.wav,low high\ntrain/take3.wav,ah\n")
    data = {"kind": "speech", "sample_rate": 8000, "crop_steps": 800}
    model = {**SMALL, "hop_length": 80}
    said: list[str] = []
    trained = train(recipe(data, model), tmp_path / "run", data=folder, say=said.append)
    assert trained.progress.step == 2 and any("pronunciations of" in line for line in said)
    loaded = checkpoint.load(tmp_path / "run")
    found = score(loaded, str(folder), split="validation")
    assert found.num_recordings == 3 and found.bits > 0
    (folder / "more.dict").write_text("hello high low\n")
    spoken = speak(loaded, "Hello, hello", dictionary=folder / "more.dict")
    assert [one.label for one in spoken.sentences[0].symbols] == ["SIL", "high", "low", "SIL", "high", "low", "SIL"]
    with refuses(UsageError, "characters", "phones"):
        train(recipe({**data, "symbols": "characters", "dictionary": "x"}, model), tmp_path / "other", data=folder)
