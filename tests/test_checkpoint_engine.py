"""The engine file of a checkpoint: it comes back whole, and that of another model is refused."""

import shutil
import zlib
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tests.checkpoints import CARD, FIRST, edit_config, edit_weights, flip, fresh_model, refusal
from tests.golden.make_checkpoint import CONFIG, FOLDER
from tests.refusals import assert_says
from undertow import checkpoint
from undertow.config import parse
from undertow.models import Autoregressive
from undertow.native import export, precision_of, source_of, with_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the golden checkpoint, to be damaged."""
    return Path(shutil.copytree(FOLDER, tmp_path / "model"))


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A checkpoint of a model exported in bfloat16, without digests: what else refuses what does not belong?"""
    model = export(fresh_model(), "bfloat16")
    checkpoint.save(tmp_path / "exported", model, CARD)
    assert checkpoint.load(tmp_path / "exported").engine_file == model.engine_file
    (tmp_path / "exported/digests.json").unlink()
    return tmp_path / "exported"


def take_engine(folder: Path, engine_file: bytes) -> None:
    """Put an engine file into a folder, with the right checksum in its config."""
    (folder / "model.engine").write_bytes(engine_file)
    weights = zlib.crc32((folder / "model.safetensors").read_bytes())
    entry = {"crc32": zlib.crc32(engine_file), "weights_crc32": weights}
    edit_config(folder, lambda values: values.update(engine=entry))


def test_an_exported_model_comes_back_whole(exported, tmp_path):
    model = checkpoint.load(exported)
    assert precision_of(model) == "bfloat16"
    card = checkpoint.read_card(exported)
    checkpoint.save(tmp_path / "again", model, card)
    for file in exported.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name
    assert checkpoint.load(FOLDER).engine_file is None


def other_weights(folder: Path) -> None:
    torch.manual_seed(3)
    checkpoint.save(folder.parent / "other", fresh_model(), CARD)
    shutil.copy(folder.parent / "other" / "model.safetensors", folder)


@pytest.mark.parametrize(
    ("damage", "parts"),
    [
        (lambda folder: (folder / "model.engine").unlink(), ["model.engine", "missing", "config.yaml"]),
        (lambda folder: flip(folder / "model.engine"), ["model.engine", "damaged"]),
        (lambda folder: (folder / "model.engine").write_bytes(b""), ["model.engine", "damaged"]),
        (other_weights, ["model.safetensors", "damaged"]),
        (
            lambda folder: edit_config(folder, lambda values: values.pop("engine")),
            ["model.engine", "not part", "config.yaml"],
        ),
        (lambda folder: edit_config(folder, lambda values: values.update(engine={})), ["engine.crc32", "missing"]),
        (
            lambda folder: edit_config(folder, lambda values: values["engine"].update(crc=1)),
            ["unknown key", "'engine.crc'"],
        ),
    ],
)
def test_an_engine_file_that_does_not_belong_is_refused(exported, damage, parts):
    damage(exported)
    assert_says(refusal(exported), *parts)


def others() -> dict[str, bytes]:
    """Engine files of other models: another config, other weights, both, in every precision that needs no data."""
    found = {}
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(8)
        found[f"weights in {precision}"] = export(fresh_model(), precision).engine_file
        for what, change in {
            "another alphabet": dict(alphabet={"kind": "linear_pcm", "bits": 8}),
            "another rate": dict(sample_rate=120),
        }.items():
            config = CONFIG | change
            config["conditioner"] = {"labels": {"speaker": ["theo", "lucas"]}, "label_channels": 2}
            found[f"{what} in {precision}"] = export(
                Autoregressive(parse(Autoregressive.Config, config)), precision
            ).engine_file
    return found


@pytest.mark.native
def test_fault_32_another_models_engine_file_is_refused_in_every_pair(exported: Path) -> None:
    own = (exported / "model.engine").read_bytes()
    for engine_file in others().values():
        take_engine(exported, engine_file)
        assert_says(refusal(exported), exported / "model.engine", "another model")
    take_engine(exported, own)
    assert checkpoint.load(exported).engine_file == own


@pytest.mark.native
def test_fault_32_an_engine_file_among_those_of_a_model_that_has_none_is_refused(folder: Path, exported: Path) -> None:
    take_engine(folder, (exported / "model.engine").read_bytes())
    assert_says(refusal(folder), folder / "model.engine", "another model")


def test_fault_45_an_engine_file_is_held_to_config_and_weights(exported: Path) -> None:
    edit_config(exported, lambda values: values["model"]["conditioner"]["labels"].update(speaker=["lucas", "theo"]))
    assert_says(refusal(exported), "model.engine", "another model", "config.yaml")
    edit_config(exported, lambda values: values["model"]["conditioner"]["labels"].update(speaker=["theo", "lucas"]))
    checkpoint.load(exported)
    edit_weights(exported, lambda weights: weights.update({FIRST: weights[FIRST] + 1}))
    take_engine(exported, (exported / "model.engine").read_bytes())
    assert_says(refusal(exported), "model.engine", "another model", "model.safetensors")


def test_fault_45_a_model_whose_weights_changed_after_its_export_is_not_saved(exported: Path, tmp_path: Path) -> None:
    model = checkpoint.load(exported)
    model.conditioner.tables[0].weight.data += 1
    assert_says(refusal(tmp_path / "new", lambda path: checkpoint.save(path, model, {})), "model.engine", "weights")
    assert not (tmp_path / "new").exists()


def test_an_engine_file_of_an_older_version_is_refused_with_the_remedy(exported: Path) -> None:
    own = (exported / "model.engine").read_bytes()
    take_engine(exported, own[:8] + bytes([2, 0, 0, 0]) + own[12:])
    assert_says(refusal(exported), exported / "model.engine", "version 2", "undertow quantise")


def test_an_exported_model_of_before_a_setting_is_loaded_and_saved_again(exported: Path, tmp_path: Path) -> None:
    values = yaml.safe_load((exported / "config.yaml").read_text())
    del values["model"]["conditioner"]["features"]["centre"]
    source = source_of(values["model"], load_file(exported / "model.safetensors"))
    edit_config(exported, lambda kept: kept.update(model=values["model"]))
    take_engine(exported, with_source((exported / "model.engine").read_bytes(), source))
    checkpoint.save(tmp_path / "again", checkpoint.load(exported), {})
    assert checkpoint.load(tmp_path / "again").config == checkpoint.read_config(exported)
