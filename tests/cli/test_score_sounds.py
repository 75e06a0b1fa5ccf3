"""`undertow score` of sounds beside their originals: means, intervals, definitions, a line for each file, faults."""

import json

import numpy as np
import pytest

from tests.data.sounds import tone, write
from tests.recipes.test_sound_pairs import VOCODER, built
from tests.refusals import assert_says
from undertow import checkpoint


@pytest.fixture
def folders(tmp_path):
    for index, name in enumerate(("one", "two", "three")):
        wave = tone(0.3, frequency=200)
        write(tmp_path / "originals" / f"{name}.wav", wave)
        write(tmp_path / "drawn" / f"{name}.wav", (wave + 0.01 * index * np.sin(np.arange(len(wave)))).astype("f4"))
    return tmp_path / "drawn", tmp_path / "originals"


def test_two_folders(command, folders, tmp_path):
    words = ("score", *folders, "--metric", "mcd,f0,voicing", "--per-file")
    outcome = command(*words, "--out", tmp_path / "x.csv")
    assert outcome.status == 0, outcome.err
    assert_says(
        outcome.out, "3 sounds", "0.9 s", "8000 Hz", "dB", "95 %", "f0-cents", "1 to 24", "YIN", "three.wav", "x.csv"
    )
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "name,seconds,mcd,f0-cents,f0-hz,voicing" and lines[1].startswith("three.wav,0.3000,")
    found = json.loads(command(*words, "--json").out)
    assert found["num_sounds"] == 3 == len(found["files"]) and found["figures"]["mcd"]["unit"] == "dB"
    assert found["figures"]["voicing"]["mean"] == 1 and found["figures"]["voicing"]["better"] == "higher"
    assert "0.312" in found["definitions"]["mcd"] and found["faults"] == []


def test_a_pair_that_cannot_be_compared_fails_after_the_others_are_shown(command, folders):
    write(folders[0] / "two.wav", tone(0.1))
    outcome = command("score", *folders, "--metric", "mcd")
    assert outcome.status == 1 and "2 sounds" in outcome.out
    assert_says(outcome.line, "two.wav", "0.100 s", "0.300 s", "mcd-dtw")


def test_a_vocoder(command, folders, tmp_path):
    checkpoint.save(tmp_path / "model", built("autoregressive", VOCODER), {})
    words = ("score", tmp_path / "model", folders[1], "--split", "all", "--metric")
    outcome = command(*words, "lsd")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.out, "originals, all", "3 sounds", "drawn", "lsd", "log-spectral")
    outcome = command(*words, "bleu")
    assert outcome.status == 2
    assert_says(outcome.line, "unknown metric", "'bleu'")
