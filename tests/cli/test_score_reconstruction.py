"""`undertow train` and `score` of an autoencoder: the alarm's lines, and the same figures over a split."""

import json

import pytest

from tests.models.coders import SMALL
from tests.refusals import assert_says
from undertow.recipes import train

MODEL = {
    **SMALL,
    "kind": "autoencoder",
    "features": {"kind": "mfcc", "hop_length": 40, "window_length": 100, "fft_size": 256, "num_bands": 20},
    "bottleneck": {"kind": "vq", "codebook": {"num_codes": 8}},
    "conditioner": {"labels": ["pitch"], "upsampling": {"channels": 4}},
}
del MODEL["sample_rate"]
TRAINING = {"steps": 2, "batch_size": 4, "tensorboard": False, "precision": "fp32", "num_validations": 1}
RECIPE = {
    "data": {"kind": "audio", "source": "plucked", "sample_rate": 4000},
    "model": MODEL,
    "training": {**TRAINING, "validation_symbols": 20000},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("coder") / "run"
    train(RECIPE, out)
    return out


def test_the_alarm_is_in_the_log_and_the_card(run) -> None:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    found = {name for row in rows for name in row}
    wanted = {"own_latents_bits", "other_latents_bits", "no_latents_bits", "perplexity", "active_codes", "code_bits"}
    assert {f"validation_{name}" for name in wanted} <= found


def test_score_gives_the_figures_of_the_alarm_over_a_split(command, run) -> None:
    outcome = command("score", run, "--split", "validation")
    assert outcome.status == 0
    assert_says(outcome.out, "bits/sample with its own latents", "another recording", "zeros", "150.0 bits a second")
    assert_says(outcome.out, "perplexity", "active codes", "warning")
    found = json.loads(command("score", run, "--split", "validation", "--json").out)
    assert found["bits"] > 0 and found["other_bits"] > 0 and found["none_bits"] > 0
    assert 1 <= found["figures"]["perplexity"] <= found["figures"]["active_codes"] <= 8
    assert found["lines"] and found["has_learnt"] is False
