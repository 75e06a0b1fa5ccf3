"""`undertow generate --keep`: an image is completed, and each completion has a probability."""

import json

import numpy as np
import pytest

from tests.media.png_reader import pixels_of
from tests.refusals import assert_says
from undertow.alphabets import Pixels
from undertow.config import parse
from undertow.media.png import write_png

pytest.importorskip("PIL")
IMAGE = np.random.default_rng(0).integers(0, 256, (6, 6)).astype(np.uint8)
ALPHABET = Pixels(parse(Pixels.Config, {"num_levels": 4}))
SEEN = ALPHABET.decode(ALPHABET.encode(IMAGE))


@pytest.mark.parametrize("keep", ["top", "left", "mask"])
def test_what_is_kept_stays(command, runs, tmp_path, keep):
    mask = np.zeros((6, 6), bool)
    mask[{"top": np.s_[:3], "left": np.s_[:, :3], "mask": np.s_[2:5, 1:4]}[keep]] = True
    write_png(tmp_path / "image.png", IMAGE)
    write_png(tmp_path / "mask.png", mask.astype(np.uint8) * 255)
    given = ("generate", runs / "pixel", "--prompt", tmp_path / "image.png")
    word = tmp_path / "mask.png" if keep == "mask" else keep
    outcome = command(*given, "--keep", word, "--count", "2", "--out", tmp_path / "many")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.out, "log-probability", f"{36 - mask.sum()} pixels drawn")
    for name in ("1.png", "2.png"):
        found = pixels_of(tmp_path / "many" / name)[::46, ::46]
        assert np.array_equal(found[mask], SEEN[mask]) and not np.array_equal(found, SEEN)
    told = json.loads(command(*given, "--keep", word, "--out", tmp_path / "one.png", "--json").out)
    assert len(told["log_probs"]) == 1 and told["log_probs"][0] < 0 and told["num_drawn"] == 36 - mask.sum()


def test_what_cannot_be_completed(command, runs, tmp_path):
    write_png(tmp_path / "image.png", IMAGE)
    write_png(tmp_path / "wide.png", IMAGE[:, :5])
    write_png(tmp_path / "part.png", IMAGE[:3])
    out = ("--out", tmp_path / "x.png")
    for more, status, parts in (
        (("--prompt", tmp_path / "image.png", "--keep", "bottom"), 2, ("'bottom'", "top or left")),
        (("--prompt", tmp_path / "image.png", "--keep", tmp_path / "wide.png"), 1, ("wide.png", "5 x 6", "6 x 6")),
        (("--prompt", tmp_path / "part.png", "--keep", "top"), 2, ("36 pixels", "18")),
        (("--keep", "top"), 2, ("--prompt",)),
    ):
        outcome = command("generate", runs / "pixel", *more, *out)
        assert outcome.status == status and not (tmp_path / "x.png").exists()
        assert_says(outcome.line, *parts)
    outcome = command("generate", runs / "text", "--prompt", "wéb", "--keep", "top")
    assert outcome.status == 2 and "not images" in outcome.line
