"""Images with masks: folders, arrays, CamVid; and what cannot be used is named."""

import shutil

import numpy as np
import pytest
from PIL import Image

from tests.data.masked import picture, write_masked
from tests.refusals import refuses
from undertow.data.describe import describe
from undertow.data.folder import NothingUsable
from undertow.data.labelled_images import load_labelled_images
from undertow.errors import DataError


def test_a_folder_of_images_and_masks(tmp_path) -> None:
    root = write_masked(tmp_path / "own", 8)
    found = {split: load_labelled_images(root, split) for split in ("train", "validation", "test")}
    assert [len(one.pixels) for one in found.values()] == [6, 1, 1]
    train = found["train"]
    assert train.pixels.shape == (6, 12, 16, 3) and train.classes == ("0", "1", "2")
    image, mask = picture(int(train.names[0]))
    assert np.array_equal(train.pixels[0], image) and np.array_equal(
        train.masks[0], np.where(mask == 255, -1, mask.astype(int))
    )
    assert train.shares[1] == pytest.approx(np.mean(train.masks[train.masks >= 0] == 1))
    (root / "classes.txt").write_text("ground\nsquare\nstripe\n")
    assert load_labelled_images(root).classes == ("ground", "square", "stripe")
    assert describe(root)["kind"] == "segmentation"


@pytest.mark.parametrize("layout", ["train/images train/masks", "images/train masks/train", "train trainannot"])
def test_folders_of_splits(layout: str, tmp_path) -> None:
    write_masked(tmp_path / "flat", 3)
    for part, place in zip(("images", "masks"), layout.split(), strict=True):
        shutil.copytree(tmp_path / "flat" / part, tmp_path / "own" / place)
        shutil.copytree(tmp_path / "flat" / part, tmp_path / "own" / place.replace("train", "val"))
    assert len(load_labelled_images(tmp_path / "own").pixels) == 2  # the third is held out as a test
    assert load_labelled_images(tmp_path / "own", "validation").names[0] == "val/0"


def test_another_size_and_other_ignored_values(tmp_path) -> None:
    root = write_masked(tmp_path / "own")
    found = load_labelled_images(root, size=(4, 8), ignore=(2, 255))
    assert found.pixels.shape[1:] == (4, 8, 3) and found.classes == ("0", "1")
    assert set(np.unique(found.masks)) == {-1, 0, 1}


def test_a_class_of_few_images_has_its_share_of_those(tmp_path) -> None:
    root = write_masked(tmp_path / "own", 2)
    Image.new("L", (16, 12), 2).save(root / "masks/0.png")
    found = load_labelled_images(root)
    assert sum(found.shares) == pytest.approx(1)


def faulty(root, fault: str) -> None:
    masks = root / "masks"
    if fault == "missing":
        (masks / "3.png").unlink()
    elif fault == "size":
        Image.new("L", (16, 11)).save(masks / "3.png")
    elif fault == "value":
        Image.new("L", (16, 12), 7).save(masks / "3.png")
    elif fault == "colour":
        Image.new("RGB", (16, 12)).save(masks / "3.png")
    elif fault == "sizes":
        image, mask = picture(0, (8, 8))
        last = load_labelled_images(root).names[-1]
        Image.fromarray(image).save(root / f"images/{last}.png")
        Image.fromarray(mask).save(root / f"masks/{last}.png")
    elif fault == "no masks":
        shutil.rmtree(masks)
    elif fault == "empty":
        shutil.rmtree(masks)
        shutil.rmtree(root / "images")


@pytest.mark.parametrize(
    ("fault", "parts"),
    {
        "missing": ["images/3.png", "mask"],
        "size": ["masks/3.png", "16 x 11", "16 x 12"],
        "value": ["3", "7", "0 to 2", "255", "data.ignore"],
        "colour": ["masks/3.png", "RGB", "grey", "palette"],
        "sizes": ["16 x 12", "8 x 8", "data.size=["],
        "no masks": ["masks", "images/ and masks/"],
        "empty": ["images", "images/ and masks/"],
    }.items(),
)
def test_fault_what_cannot_be_used_is_named_in_one_line(fault: str, parts: list[str], tmp_path) -> None:
    root = write_masked(tmp_path / "own")
    faulty(root, fault)
    with refuses(DataError, *parts) as caught:
        for split in ("train", "validation", "test"):
            load_labelled_images(root, split, classes=("a", "b", "c"))
    assert "\n" not in str(caught.value)


def test_a_palette_image_is_converted_and_said(tmp_path) -> None:
    root, said = write_masked(tmp_path / "own"), []
    Image.fromarray(picture(3)[0]).convert("P").save(root / "images/3.png")
    for split in ("train", "validation", "test"):
        load_labelled_images(root, split, say=said.append)
    assert len(said) == 1 and "images/3.png" in said[0] and "palette" in said[0]


def test_arrays(tmp_path) -> None:
    images, masks = zip(*(picture(seed) for seed in range(3)), strict=True)
    arrays = {"x_train": np.stack(images), "y_train": np.stack(masks)}
    np.savez(tmp_path / "own.npz", **arrays)
    assert load_labelled_images(tmp_path / "own.npz").pixels.shape == (3, 12, 16, 3)
    with refuses(NothingUsable, "x_test"):
        load_labelled_images(tmp_path / "own.npz", "test")
    np.savez(tmp_path / "own.npz", **arrays | {"y_train": arrays["y_train"][:, :5]})
    with refuses(DataError, "y_train", "(3, 5, 16)", "(3, 12, 16)"):
        load_labelled_images(tmp_path / "own.npz")


def test_camvid(real_data) -> None:
    found = load_labelled_images("camvid", "validation")
    assert found.pixels.shape == (101, 180, 240, 3) and len(found.classes) == 11
    sky, road = (found.masks == found.classes.index(name) for name in ("sky", "road"))
    assert found.pixels[sky].mean() > 200 and np.nonzero(sky)[1].mean() < 60 < 120 < np.nonzero(road)[1].mean()
    assert (found.masks == -1).mean() == pytest.approx(0.017, abs=1e-3)
