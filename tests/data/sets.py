"""Small sets laid out as their publishers lay them out."""

import dataclasses
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from undertow.data.catalogue import CATALOGUE
from undertow.data.folder import list_items
from undertow.data.named_set import AudioSet, Download, FileSet, NamedSet, files_checksum

FILES = {
    "fsdd": [
        [f"free-spoken-digit-dataset-1.0.10/recordings/{digit}_{speaker}_{take}.wav"
         for digit in (0, 7) for speaker in ("theo", "lucas") for take in (0, 5, 10)]
        + ["free-spoken-digit-dataset-1.0.10/README.md"]
    ],
    "ljspeech": [
        [f"LJSpeech-1.1/wavs/LJ{section:03}-{line:04}.wav" for section in (1, 2) for line in range(1, 6)]
        + ["LJSpeech-1.1/metadata.csv", "LJSpeech-1.1/README"]
    ],
    "vctk": [
        [f"wav48_silence_trimmed/{speaker}/{speaker}_{line:03}_mic{mic}.flac"
         for speaker in ("p225", "s5") for line in (1, 2) for mic in (1, 2)]
        + ["txt/p225/p225_001.txt", "speaker-info.txt"]
    ],
    "nsynth": [
        ["nsynth-train/audio/bass_synthetic_033-022-050.wav", "nsynth-train/audio/synth_lead_synthetic_001-060-100.wav",
         "nsynth-train/examples.json"],
        ["nsynth-valid/audio/guitar_acoustic_010-100-127.wav", "nsynth-valid/examples.json"],
        ["nsynth-test/audio/vocal_acoustic_027-044-075.wav", "nsynth-test/examples.json"],
    ],
    "tinyshakespeare": [["input.txt"]],
    "enwik6": [],
    "enwik8": [["enwik8"]],
    "jsb": [["JSB_Chorales.mat"]],
    "nottingham": [["Nottingham.mat"]],
    "mnist": [[f"{part}-ubyte.gz"] for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3",
                                               "t10k-labels-idx1")],
    "fashion_mnist": [[f"{part}-ubyte.gz"] for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3",
                                                        "t10k-labels-idx1")],
    "binarized_mnist": [[f"binarized_mnist_{part}.amat"] for part in ("train", "valid", "test")],
    "cifar10": [["cifar-10-binary.tar.gz"]],
    "multi30k": [[f"{part}.{language}.gz"] for part in ("train", "val", "test_2016_flickr", "test_2017_flickr")
                 for language in ("de", "en")],
}  # fmt: skip
CLASSES_AND_COUNTS = {  # of audio: a label's classes, and clips to train on, validate on and test on
    "fsdd": ({"digit": ["0", "7"], "speaker": ["lucas", "theo"], "take": ["0", "5", "10"]}, (4, 4, 4)),
    "ljspeech": ({"section": ["LJ001", "LJ002"]}, (8, 1, 1)),
    "vctk": ({"speaker": ["p225", "s5"], "sentence": ["001", "002"]}, (2, 1, 1)),
    "nsynth": (
        {
            "instrument": [
                "bass_synthetic_033",
                "guitar_acoustic_010",
                "synth_lead_synthetic_001",
                "vocal_acoustic_027",
            ],
            "instrument_family": ["bass", "guitar", "synth_lead", "vocal"],
            "instrument_source": ["acoustic", "synthetic"],
            "pitch": ["22", "44", "60", "100"],
            "velocity": ["50", "75", "100", "127"],
        },
        (2, 1, 1),
    ),
}
AUDIO = [name for name, entry in CATALOGUE.items() if isinstance(entry, AudioSet) and entry.downloads]
MADE = [name for name, entry in CATALOGUE.items() if entry.made]  # which cannot be downloaded
FIRST_BYTES = 1000  # of a small set that is part of another
RATE = 8000


def content(name: str, rate: int = RATE) -> bytes:
    """A short noise of its own for an audio file, its name many times for any other."""
    suffix = Path(name).suffix
    if name.endswith("examples.json"):
        folder = name.removesuffix("examples.json") + "audio/"
        inside = [Path(one).stem for part in FILES["nsynth"] for one in part if one.startswith(folder)]
        return json.dumps({note: entry(note) for note in inside}).encode()
    if suffix not in (".wav", ".flac"):
        return (name + "\n").encode() * 200
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    noise = np.random.default_rng(seed).normal(0, 0.1, rate // 10)
    buffer = io.BytesIO()
    soundfile.write(buffer, noise, rate, format=suffix[1:].upper(), subtype="PCM_16")
    return buffer.getvalue()


def entry(note: str) -> dict[str, Any]:
    """What NSynth's examples.json says about a note of this name."""
    instrument, pitch, velocity = note.split("-")
    family, source, number = instrument.rsplit("_", 2)
    return {
        "note": 1, "note_str": note, "instrument": int(number), "instrument_str": instrument, "instrument_family": 0,
        "instrument_family_str": family, "instrument_source": 0, "instrument_source_str": source, "pitch": int(pitch),
        "velocity": int(velocity), "sample_rate": 16000, "qualities": [0] * 10, "qualities_str": [],
    }  # fmt: skip


def make_downloads(name: str, folder: Path) -> list[Path]:
    """What is downloaded of a named set, in the format and with the file name of its URLs."""
    entry, paths = CATALOGUE[name], []
    for one, names in zip(entry.downloads, FILES[name], strict=True):
        path = folder / one.url.rsplit("/", 1)[1]
        members = {
            member: content(member, entry.sample_rate if isinstance(entry, AudioSet) else RATE) for member in names
        }
        if one.stored_as is not None:
            path.write_bytes(members[one.stored_as])
        elif path.suffix == ".zip":
            write_zip(path, members)
        else:
            write_tar(path, members)
        paths.append(path)
    return paths


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)


def write_tar(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, f"w:{path.suffix[1:]}") as file:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))


def small(name: str, paths: list[Path], url: str) -> NamedSet:
    """The catalogue's entry of a set, but for these downloads below `url` and their checksums."""
    entry = CATALOGUE[name]
    found = tuple(
        Download(f"{url}/{path.name}", old.checksum and sha256(path.read_bytes()), old.stored_as)
        for old, path in zip(entry.downloads, paths, strict=True)
    )
    if isinstance(entry, AudioSet):
        return dataclasses.replace(entry, downloads=found, num_files=None, files_sha256=None)
    assert isinstance(entry, FileSet)
    if entry.part_of is not None:
        beginning = content(entry.part_of)[:FIRST_BYTES]
        return dataclasses.replace(entry, files={name: sha256(beginning)}, first_bytes=FIRST_BYTES)
    return dataclasses.replace(entry, downloads=found, files={file: sha256(content(file)) for file in entry.files})


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def with_files_checksum(entry: NamedSet, root: Path) -> NamedSet:
    """The entry, held to the audio files it has at `root`."""
    assert isinstance(entry, AudioSet)
    items = list_items(root, entry.layout)
    return dataclasses.replace(entry, num_files=len(items), files_sha256=files_checksum(items))
