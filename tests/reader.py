"""What lies in the folder of someone who follows README and docs: recordings, texts, and small copies of named sets."""

import dataclasses
import gzip
import hashlib
import string
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.io import savemat

from tests.data.masked import write_masked
from undertow.data.catalogue import CATALOGUE
from undertow.media.png import write_png

SAMPLE_RATE = 8000
SPEECH = "ROMEO:\nMy good lord, what light is this?\n\nJULIET:\nTo be or not, the moon will say.\n\n"


def lay_out(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Fill a folder, make it the working one and data/ in it UNDERTOW_DATA."""
    _recordings(folder)
    _readings(folder)
    _texts(folder)
    _images(folder)
    for name, files in {
        "tinyshakespeare": {"tinyshakespeare/input.txt": _play(120)},
        "jsb": {"polymusic/JSB_Chorales.mat": None},
        "mnist": _digits(),
        "multi30k": _pairs(),
    }.items():
        for path, content in files.items():
            (folder / "data" / path).parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                _rolls(folder / "data" / path)
            else:
                (folder / "data" / path).write_bytes(content)
        sums = {Path(path).name: _checksum(folder / "data" / path) for path in files}
        patch.setitem(CATALOGUE, name, dataclasses.replace(CATALOGUE[name], files=sums))
    patch.setitem(CATALOGUE, "fsdd", dataclasses.replace(CATALOGUE["fsdd"], num_files=None, files_sha256=None))
    patch.setenv("UNDERTOW_DATA", str(folder / "data"))
    patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    patch.chdir(folder)


def _recordings(folder: Path) -> None:
    """my_wavs/, clip.wav and, as the named set, a few recordings laid out as FSDD is."""
    noise = np.random.default_rng(0)
    names = [f"data/fsdd/recordings/3_{speaker}_{take}.wav" for speaker in ("theo", "lucas") for take in (0, 5, 10, 11)]
    names += [f"my_wavs/{'anna' if index % 2 else 'ben'}/{index}.wav" for index in range(24)]
    for name in [*names, "clip.wav"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        wave = 0.3 * np.sin(2 * np.pi * 200 * np.arange(1600) / SAMPLE_RATE) + 0.01 * noise.standard_normal(1600)
        soundfile.write(folder / name, wave, SAMPLE_RATE, subtype="PCM_16")


def _readings(folder: Path) -> None:
    """readings/ with the times of their phones, and a dictionary."""
    said = {"one": "W AH N", "two": "T UW"}
    lines, rows = [], ["file,text,split"]
    (folder / "readings").mkdir()
    for index in range(9):
        words = ["one", "two", "one"][index % 2 :]
        split = ("train", "validation", "test")[index % 3]
        phones = ["SIL", *" ".join(said[one] for one in words).split(), "SIL"]
        wave = 0.3 * np.sin(2 * np.pi * 150 * np.arange(round(0.05 * len(phones) * SAMPLE_RATE)) / SAMPLE_RATE)
        soundfile.write(folder / f"readings/{index}.wav", wave, SAMPLE_RATE, subtype="PCM_16")
        lines += [f"{index} 1 {0.05 * place:.2f} 0.05 {phone}\n" for place, phone in enumerate(phones)]
        rows.append(f"{index}.wav,{' '.join(words)},{split}")
    (folder / "readings/phones.ctm").write_text("".join(lines))
    (folder / "readings/metadata.csv").write_text("\n".join(rows) + "\n")
    (folder / "readings/my.dict").write_text("".join(f"{word} {phones}\n" for word, phones in said.items()))


def _images(folder: Path) -> None:
    """my_images/, grey ones of 6 by 6 pixels, and photos/ with images and masks of three classes."""
    write_masked(folder / "photos", 4)
    for name in ("images/0.png", "masks/0.png"):
        (folder / "photos" / name).rename(folder / "photos" / name.replace("0", "a"))
    (folder / "my_images").mkdir()
    for index, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (12, 6, 6)).astype(np.uint8)):
        write_png(folder / "my_images" / f"{index}.png", pixels)


def _texts(folder: Path) -> None:
    """plays.txt, reviews.csv with two classes, talks/ with sentences and their translations, and captions.en."""
    (folder / "plays.txt").write_bytes(_play(120))
    words = ("bad", "good")
    rows = [f"Act {act} was {words[act % 2]}.,{words[act % 2]}" for act in range(120)]
    (folder / "reviews.csv").write_text("\n".join(["text,label", *rows]))
    (folder / "talks").mkdir()
    for language in ("en", "de"):
        (folder / "talks" / f"train.{language}").write_bytes(_captions(language))
    (folder / "captions.en").write_bytes(b"A dog in the snow.\n\nA man on the beach.\n")


def _pairs() -> dict[str, bytes]:
    """Multi30k's files, all of the same few sentences."""
    found = {}
    for part in ("train", "val", "test_2016_flickr", "test_2017_flickr"):
        for language in ("en", "de"):
            found[f"multi30k/{part}.{language}.gz"] = gzip.compress(_captions(language), compresslevel=1)
    return found


def _captions(language: str) -> bytes:
    who = {"en": ("A dog", "A man", "Two girls"), "de": ("Ein Hund", "Ein Mann", "Zwei Mädchen")}[language]
    where = {"en": ("on the beach", "in the snow"), "de": ("am Strand", "im Schnee")}[language]
    return "".join(f"{one} {place} ({number}).\n" for number in range(8) for one in who for place in where).encode()


def _play(times: int) -> bytes:
    return (SPEECH * times + string.printable.replace("\r", "").replace("\x0b", "").replace("\x0c", "")).encode()


def _rolls(path: Path) -> None:
    held = {}
    for key in ("traindata", "validdata", "testdata"):
        held[key] = np.empty((1, 2), object)
        held[key][0] = [(np.random.default_rng(steps).random((steps, 88)) < 0.05).astype(np.uint8) for steps in (6, 9)]
    savemat(path, held)


def _digits() -> dict[str, bytes]:
    """MNIST's four files with so many images that some are left when its validation is held out."""
    found = {}
    for part, count in (("train", 5004), ("t10k", 4)):
        digits = (np.arange(count) % 10).astype(np.uint8)
        images = np.zeros((count, 28, 28), np.uint8)
        found[f"mnist/{part}-images-idx3-ubyte.gz"] = _idx(images)
        found[f"mnist/{part}-labels-idx1-ubyte.gz"] = _idx(digits)
    return found


def _idx(array: np.ndarray) -> bytes:
    shape = np.array(array.shape, ">u4").tobytes()
    return gzip.compress(bytes((0, 0, 8, array.ndim)) + shape + array.tobytes(), compresslevel=1)


def _checksum(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
