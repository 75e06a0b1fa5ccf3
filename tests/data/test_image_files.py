"""Image files become bytes of grey or of colour; what is changed is said, and what is no image is refused by name."""

import io

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.data import image_files
from undertow.data.image_files import read_image, resized, to_colour, to_grey
from undertow.errors import DataError, UsageError

Image = pytest.importorskip("PIL.Image")
GREY = np.random.default_rng(1).integers(0, 256, (5, 7)).astype(np.uint8)
COLOUR = np.random.default_rng(2).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def saved(image, path, **options):
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_what_loses_nothing_comes_back(tmp_path, suffix):
    colour = read_image(saved(Image.fromarray(COLOUR), tmp_path / f"x{suffix}", lossless=True))
    assert np.array_equal(colour.pixels, COLOUR) and colour.notes == ()
    if suffix == ".png":
        assert np.array_equal(read_image(saved(Image.fromarray(GREY), tmp_path / "g.png")).pixels, GREY[..., None])
        black = read_image(saved(Image.fromarray(GREY).convert("1"), tmp_path / "b.png"))
        assert set(np.unique(black.pixels)) <= {0, 255} and black.notes == ()


def test_a_jpeg_is_near(tmp_path):
    smooth = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8)
    found = read_image(saved(Image.fromarray(smooth), tmp_path / "x.jpg", quality=95))
    assert found.pixels.shape == (8, 8, 1) and np.abs(found.pixels[..., 0].astype(int) - smooth).max() < 12


@pytest.mark.parametrize(
    ("image", "suffix", "channels", "noun"),
    [
        (Image.fromarray(COLOUR).convert("P"), ".png", 3, "palette"),
        (Image.fromarray(COLOUR).convert("RGBA"), ".png", 3, "white"),
        (Image.fromarray(GREY).convert("LA"), ".png", 1, "white"),
        (Image.fromarray(COLOUR).convert("CMYK"), ".jpg", 3, "CMYK"),
        (Image.fromarray(GREY.astype(np.uint16) * 257), ".png", 1, "16 bits"),
    ],
)
def test_other_kinds_of_pixels_are_converted_and_said(tmp_path, image, suffix, channels, noun):
    found = read_image(saved(image, tmp_path / f"x{suffix}"))
    assert found.pixels.shape == (5, 7, channels) and found.pixels.dtype == np.uint8
    assert len(found.notes) == 1 and noun in found.notes[0]
    if noun == "16 bits":
        assert np.array_equal(found.pixels[..., 0], GREY)


def test_clear_pixels_are_white(tmp_path):
    clear = np.zeros((2, 2, 4), np.uint8)
    assert (read_image(saved(Image.fromarray(clear), tmp_path / "x.png")).pixels == 255).all()


def test_what_is_no_image(tmp_path):
    good = io.BytesIO()
    Image.fromarray(np.tile(COLOUR, (20, 20, 1))).save(good, "JPEG")
    frames = [Image.fromarray(COLOUR), Image.fromarray(255 - COLOUR)]
    files = {
        "cut.jpg": (good.getvalue()[:-400], "cut.jpg"),
        "text.png": (b"no image at all", "text.png"),
        "empty.png": (b"", "empty.png"),
    }
    for name, (data, noun) in files.items():
        (tmp_path / name).write_bytes(data)
        with refuses(DataError, noun, "image"):
            read_image(tmp_path / name)
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:], lossless=True)
    with refuses(DataError, "moving.webp", "animated", "2 frames"):
        read_image(tmp_path / "moving.webp")
    with refuses(DataError, "nowhere.png"):
        read_image(tmp_path / "nowhere.png")


def test_large_images_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    path = saved(Image.fromarray(COLOUR), tmp_path / "x.png")
    monkeypatch.setattr(image_files, "MOST_PIXELS", 34)
    with refuses(DataError, "x.png", "7 x 5", 34):
        read_image(path)


def test_without_pillow(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with refuses(UsageError, "Pillow", "undertow[images]"):
        read_image(tmp_path / "x.png")


def test_sizes_and_colours():
    assert resized(COLOUR, 3).shape == (3, 3, 3) and resized(GREY[..., None], 5).shape == (5, 5, 1)
    assert np.array_equal(resized(COLOUR, 5), COLOUR[:, 1:6])
    white = np.full((1, 1, 3), 255, np.uint8)
    assert to_grey(white).tolist() == [[[255]]] and to_colour(to_grey(white)).tolist() == white.tolist()
