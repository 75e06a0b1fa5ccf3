"""`undertow train`, `score` and `segment` on images with a class for each pixel."""

import json
import sys

import pytest
from PIL import Image

from tests.data.masked import write_masked
from tests.refusals import assert_says, refuses
from undertow import checkpoint
from undertow.data.image_files import read_image
from undertow.data.masks import read_mask
from undertow.errors import UsageError
from undertow.recipes import train

MODEL = {
    "kind": "segmenter",
    "network": {
        "kind": "image_context",
        "front": {"kind": "vgg", "channels": [4, 4], "convolutions": [1, 1], "pools": 1},
        "context": {"dilations": [1, 2]},
    },
}
TRAINING = {"steps": 2, "batch_size": 2, "tensorboard": False, "precision": "fp32", "average": None}
RECIPE = {"data": {"kind": "segmentation", "window": [8, 8]}, "model": MODEL, "training": TRAINING}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("segment")
    write_masked(root / "own")
    (root / "own/classes.txt").write_text("ground\nsquare\nstripe\n")
    train(RECIPE, root / "run", data=root / "own")
    return root


def test_score_prints_each_number_with_its_definition(command, run) -> None:
    outcome = command("score", run / "run")
    assert outcome.status == 0
    assert_says(outcome.out, "miou", "TP / (TP + FP + FN)", "over all images", "miou-image", "not counted")
    assert_says(outcome.out, "ground", "square", "stripe", "pixel-accuracy", "most common class")
    found = json.loads(command("score", run / "run", run / "own", "--metric", "miou,per-class", "--json").out)
    assert set(found["metrics"]) == set(found["definitions"]) == {"miou", "per-class"}
    assert sum(map(sum, found["confusion"])) == found["num_pixels"]
    assert command("score", run / "run", "--metric", "bleu").status == 2


def test_segment_writes_an_overlay_and_a_mask(command, run, tmp_path) -> None:
    image = run / "own/images/0.png"
    outcome = command("segment", run / "run", image, "--out", tmp_path / "o.png", "--labels", tmp_path / "m.png")
    assert outcome.status == 0 and "16 x 12" in outcome.out
    classes = read_mask(tmp_path / "m.png")
    assert classes.shape == (12, 16) and classes.max() <= 2
    assert read_image(tmp_path / "o.png").pixels.shape[1] > 480
    assert read_mask(run / "own/masks/0.png").shape == classes.shape


def test_segment_of_a_folder_gives_a_folder_and_names_what_it_cannot_read(command, run, tmp_path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    Image.new("L", (9, 7)).save(tmp_path / "in/a.png")
    Image.new("RGB", (9, 7)).save(tmp_path / "in/deep/b.jpg")
    (tmp_path / "in/c.png").write_text("no image")
    outcome = command("segment", run / "run", tmp_path / "in", "--out", tmp_path / "out", "--labels", tmp_path / "mask")
    assert outcome.status == 1 and "c.png" in outcome.err
    assert sorted(one.name for one in (tmp_path / "out").rglob("*.png")) == ["a.png", "b.png"]
    assert read_mask(tmp_path / "mask/deep/b.png").shape == (7, 9)
    found = json.loads(command("segment", run / "run", tmp_path / "in/a.png", "--json").out)
    assert found["classes"] == ["ground", "square", "stripe"] and sum(found["images"][0]["shares"].values()) > 0.99


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["--out", "--labels"]),
        (["--out", "o.txt"], ["o.txt", ".png"]),
        (["--out", "o.png", "--opacity", "2"], ["opacity", "2"]),
        (["--labels", "m.jpg"], ["m.jpg", ".png"]),
        (["--out", "o.png", "--tile", "0"], ["tile", "0"]),
    ],
)
def test_fault_wrong_requests_are_refused_before_anything_is_read(command, run, arguments, parts, monkeypatch) -> None:
    monkeypatch.chdir(run)
    outcome = command("segment", run / "run", run / "own/images/0.png", *arguments)
    assert outcome.status == 2
    assert_says(outcome.err, *parts)


def test_fault_an_empty_folder_and_another_model_are_refused(command, run, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = command("segment", run / "run", tmp_path / "empty", "--out", tmp_path / "out")
    assert outcome.status == 1 and "empty" in outcome.err and not (tmp_path / "out").exists()
    outcome = command("generate", run / "run", "--out", tmp_path / "x.png")
    assert outcome.status == 2 and "undertow segment" in outcome.err


def test_two_stages_begin_with_the_front_end(run, tmp_path) -> None:
    network = {**MODEL["network"], "context": None}
    train({**RECIPE, "model": {**MODEL, "network": network}}, tmp_path / "front", data=run / "own")
    said: list[str] = []
    train(RECIPE, tmp_path / "whole", data=run / "own", init=tmp_path / "front", say=said.append)
    assert any("weights taken; new: " in line for line in said)


def test_a_model_that_names_code_is_loaded_with_consent_alone(command, run, tmp_path, monkeypatch) -> None:
    (tmp_path / "front_of_mine.py").write_text(
        "from torch import nn\ndef make(channels):\n    return nn.Conv2d(3, channels, 2, stride=2)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    front = {"kind": "module", "path": "front_of_mine:make", "arguments": {"channels": 4}, "channels": 4, "stride": 2}
    network = {"kind": "image_context", "front": front, "context": {"dilations": [1]}}
    train({**RECIPE, "model": {**MODEL, "network": network}}, tmp_path / "run", data=run / "own")
    del sys.modules["front_of_mine"]
    with refuses(UsageError, "front_of_mine:make", "allow_code"):
        checkpoint.load(tmp_path / "run")
    outcome = command("segment", tmp_path / "run", run / "own/images/0.png", "--labels", tmp_path / "m.png")
    assert outcome.status == 2 and "--allow-code" in outcome.err and "front_of_mine" not in sys.modules
    arguments = ["segment", tmp_path / "run", run / "own/images/0.png", "--labels", tmp_path / "m.png", "--allow-code"]
    assert command(*arguments).status == 0
    assert command("score", tmp_path / "run", "--allow-code").status == 0
    with refuses(UsageError, "front_of_mine:make"):  # another's model is not let in by a recipe of one's own
        train(RECIPE, tmp_path / "next", data=run / "own", init=tmp_path / "run")
