"""Recipes: every one that ships can be built; fields are changed from outside; what is wrong is named."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.batch import Batch
from undertow.callbacks import silent
from undertow.data.audio import write_audio
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.models import build, complete
from undertow.recipes import read_recipe, recipe_names
from undertow.recipes.clips import AudioData, choose, labels_of
from undertow.recipes.recipe import parse_changes
from undertow.recipes.tasks import TASKS

SMALL = {"data": {"kind": "audio", "source": "plucked"}, "training": {"steps": 1}}
MODEL: dict[str, Any] = {
    "alphabet": {"kind": "mu_law"},
    "network": {"kind": "wavenet"},
    "emission": {"kind": "categorical"},
}


def completed(recipe: Any, labels: dict[str, tuple[str, ...]] | None = None) -> Any:
    """The model's config, as data with these labels would complete it."""
    known = None if labels is None else {name: Label(classes) for name, classes in labels.items()}
    rate = recipe.data.sample_rate or 8000
    return complete(recipe.model, Told(real="sound", sample_rate=rate, labels=known), silent)


def test_the_recipes_there_are():
    assert {"wavenet", "wavenet-fsdd", "wavenet-fsdd-demo", "wavenet-mol", "vocoder-fsdd"} <= set(recipe_names())


WHOLE = [name for name in recipe_names() if name != "classify"]  # that one needs a model to start from
AUDIO = [name for name in WHOLE if read_recipe(name).data.kind == "audio"]


@pytest.mark.parametrize("name", [name for name in AUDIO if "kind" not in read_recipe(name).model])
def test_every_recipe_of_sound_builds_a_model_that_hears_a_tenth_of_a_second(name):
    recipe = read_recipe(name)
    labels = {"speaker": ("a", "b"), "digit": ("0", "1", "2")}
    if recipe.data.source == "gm_notes":
        labels = {"instrument_family": ("bass", "organ"), "pitch": ("36", "48")}
    config = completed(recipe, labels)
    with torch.device("meta"):
        model = build(config)
    assert model.receptive_field is None or model.receptive_field >= 0.1 * config.sample_rate
    asked = recipe.model.get("conditioner", {}).get("labels")
    assert recipe.description and model.config.conditioner.labels == (labels if asked else {})


@pytest.mark.parametrize(
    "name", [f"{cell}-{music}" for cell in ("gru", "lstm", "rnn") for music in ("jsb", "nottingham")]
)
def test_fault_17_recurrent_recipes_of_piano_rolls_train_on_crops(name):
    assert read_recipe(name).data.crop_steps == (160 if name.endswith("jsb") else 100)
    assert read_recipe(f"tcn-{name.partition('-')[2]}").data.crop_steps is None


def test_fault_17_every_chorale_is_one_crop(real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    recipe = read_recipe("gru-jsb")
    task = TASKS["rolls"](recipe.data)
    needs = build(complete(recipe.model, task.told(), silent)).needs
    assert max(task.read(split, needs).lengths.max() for split in task.splits(recipe.data)) == task.cut.crop_steps


def test_one_of_a_recipes_models_gives_a_loss():
    config = completed(read_recipe("wavenet-mol"))
    batch = Batch(torch.randint(65536, (1, 50)), torch.ones(1, 50, dtype=torch.bool))
    assert 5 < float(build(config)(batch).value.detach()) < 20


def test_changes_reach_every_section():
    changes = ["network.residual_channels=64", "training.batch_size=8", "data.crop_steps=100", "samples.count=3"]
    changes += ["model.emission.kind=gaussian", "conditioner.label_dropout=0.5", "training.minutes=null"]
    changes += ["training.steps=7", "data.label_pattern={digit}_{speaker}", "conditioner.labels=[speaker]"]
    recipe = read_recipe("wavenet-fsdd", parse_changes(changes))
    assert recipe.model["network"]["residual_channels"] == 64 and recipe.model["emission"]["kind"] == "gaussian"
    assert (recipe.training.batch_size, recipe.training.steps, recipe.training.minutes) == (8, 7, None)
    assert recipe.data.crop_steps == 100 and recipe.data.label_pattern == "{digit}_{speaker}"
    conditioner = completed(recipe, {"speaker": ("x",), "digit": ("0", "1")}).conditioner
    assert recipe.samples.count == 3 and conditioner.labels == {"speaker": ("x",)}
    assert conditioner.label_dropout == 0.5


@pytest.mark.parametrize("text", ["{take}", "{digit}_{speaker}", "{a, b}", "{speaker}-take"])
def test_fault_18_a_pattern_in_braces_is_text(text):
    assert parse_changes([f"data.label_pattern={text}"]) == {"data.label_pattern": text}


def test_a_mapping_in_braces_is_read():
    assert parse_changes(["network={kind: rnn, dropout: null}", "x={}"]) == {
        "network": {"kind": "rnn", "dropout": None},
        "x": {},
    }


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"network.residual_chanels": 1}, ["'model.network.residual_chanels'", "'residual_channels'"]),
        ({"networks.kind": 1}, ["'networks.kind'", "'network'"]),
        ({"training.step": 1}, ["'training.step'", "'steps'"]),
        ({"data.source.x": 1}, ["'data.source'", "section", "'data.source.x'"]),
        ({"data.trim_decibels": 3}, ["data.trim_decibels", 0]),
        ({"model.kind": "autoregresive"}, ["model", "'autoregresive'", "'autoregressive'"]),
        ({"model.sample_rate": 16000}, ["model.sample_rate", 16000, "data.sample_rate"]),
        ({"conditioner.features": {"kind": "mel"}}, ["features", "data.sample_rate"]),
        ({"conditioner": 3}, ["conditioner", 3, "section"]),
        ({"samples.count": -1}, ["samples.count"]),
        ({"training.minutes": 5}, ["training", "steps (1)", "minutes (5)", "--minutes"]),
    ],
)
def test_a_wrong_field_is_named(changes, parts):
    with refuses(UsageError, *parts) as caught:
        read_recipe({**SMALL, "model": MODEL}, changes)
    assert "\n" not in str(caught.value)


def test_a_conditioner_that_is_left_empty_knows_nothing():
    recipe = read_recipe("wavenet-fsdd", {"conditioner": None})
    assert not completed(recipe, {"speaker": ("x", "y")}).conditioner.labels


@pytest.mark.parametrize("size", [10**13, 10**400, 16**6000], ids=["13 zeros", "400 zeros", "6000 digits"])
def test_a_size_beyond_all_reason_is_refused_in_a_line(size):
    with refuses(UsageError, "model.network.residual_channels", 2**20) as caught:
        read_recipe("wavenet-fsdd", {"network.residual_channels": size})
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("training.steps=" + "9" * 5000, ["training.steps", "digits"]),
        ("data.path=" + "[" * 5000, ["data.path", "nested", "64"]),
        ("data.path=" + "{a: " * 65 + "}" * 65, ["data.path", "nested", "64"]),
        ("training={steps: 1, seed: 2, steps: 3}", ["training", "'steps'", "line 1"]),
        ("model=!!python/name:os.system", ["model", "tag"]),
    ],
)
def test_fault_31_a_change_beyond_all_reason_is_refused_in_a_line(text, parts):
    with refuses(UsageError, *parts) as caught:
        parse_changes([text])
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
    assert parse_changes(["data.path=2020-01-01"]) == {"data.path": "2020-01-01"}


def test_sections_that_are_missing_or_unknown_are_named():
    with refuses(UsageError, "model", "missing"):
        read_recipe(SMALL)
    with refuses(UsageError, "'modle'", "'model'"):
        read_recipe({**SMALL, "modle": MODEL})
    with refuses(UsageError, "training", "steps", "minutes"):
        read_recipe({**SMALL, "model": MODEL, "training": {}})


def test_labels_of_a_folder_are_useful_where_clips_share_them(tmp_path):
    for take in range(20):
        write_audio(tmp_path / f"{take % 2}_anna_{take}.wav", np.ones(100) * 0.1, 8000)
    found = labels_of(AudioData(source=str(tmp_path), label_pattern="{digit}_{speaker}_{take}"))
    assert {name: label.is_useful for name, label in found.items()} == {"digit": True, "speaker": False, "take": False}


def test_a_folder_laid_out_as_the_recipes_set_is_that_set(tmp_path):
    fsdd = AudioData(source="fsdd")
    (tmp_path / "fsdd/recordings").mkdir(parents=True)
    for given in (tmp_path, tmp_path / "fsdd"):
        chosen = choose(fsdd, given)
        assert chosen.source == "fsdd" and chosen.path == str(given)
    (tmp_path / "other").mkdir()
    assert choose(fsdd, tmp_path / "other") == AudioData(source=str(tmp_path / "other"))
    assert choose(AudioData(label_pattern="{x}"), "plucked") == AudioData(source="plucked")
    assert choose(fsdd, None) is fsdd
    with refuses(UsageError, "--data"):
        choose(AudioData(), None)


@pytest.mark.parametrize("kind", [{}, [1], "x" * 100_000])
def test_fault_30_a_kind_that_is_no_word_is_named(kind):
    with refuses(UsageError, "model", "unknown kind") as caught:
        read_recipe("wavenet", {"model.kind": kind})
    assert len(str(caught.value)) < 500
