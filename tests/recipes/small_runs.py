"""A small recipe for every kind of data, and data for it."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.data.digits import idx
from tests.data.labelled_sounds import write_tones

GRU: dict[str, Any] = {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 4}
VALUES = {**GRU, "input": "scalar"}
WAVENET = {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": 3, "residual_channels": 4, "gate_channels": 4}
PIXELCNN = {"kind": "pixelcnn", "num_layers": 1, "channels": 2, "first_kernel_size": 3}
LABELLER = {"kind": "sequence_context", "channels": 4, "context": {"dilations": [1, 2]}}
TAGGER = {"kind": "tagger", "embedding_channels": 4, "network": LABELLER}
MEL = {"kind": "mel", "sample_rate": 8000, "hop_length": 80, "window_length": 200, "fft_size": 256, "num_channels": 10}
BOUNDED = {"kind": "transformer", "num_layers": 1, "channels": 4, "num_heads": 1, "max_length": 20}
TRAINING = {"steps": 2, "batch_size": 2, "num_validations": 1, "tensorboard": False, "precision": "fp32"}
BOOK = "the cat sat on the mat; the dog ate the log.\n" * 30


def recipe(data: dict[str, Any], model: dict[str, Any], **training: Any) -> dict[str, Any]:
    return {"data": data, "model": model, "training": {**TRAINING, **training}}


def write_rolls(folder: Path) -> Path:
    random = np.random.default_rng(0)
    for split in ("train", "validation", "test"):
        (folder / split).mkdir(parents=True)
        for index in range(3):
            np.save(folder / split / f"{index}.npy", (random.random((9 + index, 88)) < 0.1).astype(np.uint8))
    return folder


def write_digits(folder: Path) -> Path:
    random = np.random.default_rng(0)
    folder.mkdir()
    for part, number in (("train", 8), ("t10k", 3)):
        images = random.integers(0, 256, (number, 28, 28)).astype(np.uint8)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.arange(number, dtype=np.uint8))))
    return folder


def write_images(path: Path) -> Path:
    random = np.random.default_rng(0)
    images = {f"{split}_x": random.integers(0, 256, (20, 4, 5, 3)).astype(np.uint8) for split in ("train", "test")}
    np.savez(path, **images, train_y=np.arange(20) % 3, test_y=np.arange(20) % 3)
    return path


def write_table(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label", "split"), *rows])
    return path


def labelled(*classes: str, repeats: int = 3) -> list[tuple[str, str, str]]:
    splits = ("train", "validation", "test")
    return [(f"{one} {split} " * (place + 1), one, split)
            for place in range(repeats) for one in classes for split in splits]  # fmt: skip


def write_sentences(folder: Path) -> Path:
    """Sentences with chunks, and the same with spaces alone."""
    folder.mkdir()
    for split, number in (("train", 6), ("dev", 2), ("test", 2)):
        lines = [["the DT B-NP", *["old JJ I-NP"] * index, "dog NN I-NP", "barks VB B-VP"] for index in range(number)]
        (folder / f"{split}.conll").write_text("\n\n".join("\n".join(one) for one in lines) + "\n")
        (folder.parent / "words").mkdir(exist_ok=True)
        words = [" ".join(row.split()[0] for row in one) for one in lines]
        (folder.parent / "words" / f"{split}.txt").write_text("\n".join(words) + "\n")
    return folder


def write_units(folder: Path) -> Path:
    random = np.random.default_rng(0)
    folder.mkdir()
    for split, number in (("train", 4), ("validation", 2), ("test", 2)):
        rows = [{"file_name": f"{one}.wav", "units": random.integers(0, 5, 12 + one).tolist()} for one in range(number)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def write_all(folder: Path) -> Path:
    (folder / "book.txt").write_text(BOOK)
    write_rolls(folder / "rolls")
    write_digits(folder / "digits")
    write_table(folder / "table.csv", labelled("cat", "dog"))
    write_images(folder / "images.npz")
    write_sentences(folder / "chunks")
    write_tones(folder / "tones")
    write_units(folder / "units")
    return folder


RUNS: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "characters": ({"kind": "text", "crop_steps": 16}, {"network": WAVENET}, "book.txt"),
    "bytes": ({"kind": "text", "crop_steps": 16}, {"alphabet": {"kind": "bytes"}, "network": GRU}, "book.txt"),
    "streams": ({"kind": "text", "crop_steps": 16, "carry_state": True}, {"network": GRU}, "book.txt"),
    "bounded": ({"kind": "text", "crop_steps": 19, "context_steps": 1}, {"network": BOUNDED}, "book.txt"),
    "rolls": ({"kind": "rolls"}, {"network": VALUES}, "rolls"),
    "crops of rolls": ({"kind": "rolls", "crop_steps": 3}, {"network": VALUES}, "rolls"),
    "streams of rolls": ({"kind": "rolls", "crop_steps": 3, "carry_state": True}, {"network": VALUES}, "rolls"),
    "digits": ({"kind": "mnist", "num_validation": 2}, {"kind": "classifier", "network": VALUES}, "digits"),
    "permuted": ({"kind": "mnist", "num_validation": 2, "permuted": True}, {"network": GRU}, "digits"),
    "images": ({"kind": "images"}, {"network": PIXELCNN}, "images.npz"),
    "labelled images": ({"kind": "images"}, {"network": {**PIXELCNN, "kind": "gated_pixelcnn"},
                                             "conditioner": {"labels": "auto"}}, "images.npz"),
    "adding": ({"kind": "adding", "length": 9, "num_train": 4}, {"network": VALUES}, None),
    "copy": ({"kind": "copy_memory", "num_blanks": 5, "num_train": 4}, {"network": GRU}, None),
    "labelled": ({"kind": "labelled_text", "longest": 12}, {"kind": "classifier", "network": GRU}, "table.csv"),
    "chunks": ({"kind": "conll"}, TAGGER, "chunks"),
    "words": ({"kind": "spaced_words", "places": "bi"},
              {**TAGGER, "network": {"kind": "bilstm", "channels": 3}}, "words"),
    "units": ({"kind": "units"}, {"network": GRU, "emission": {"kind": "categorical"}}, "units"),
    "crops of units": ({"kind": "units", "crop_steps": 5},
                       {"network": GRU, "emission": {"kind": "categorical"}}, "units"),
    "frames": ({"kind": "frame_labels", "labels": "labels.ctm"},
               {"kind": "tagger", "features": MEL, "network": LABELLER, "class_weights": {"high": 2.0}}, "tones"),
    "sound": ({"kind": "audio", "source": "plucked"}, {"kind": "classifier", "label": "auto", "reading": "mean",
                                                       "alphabet": {"kind": "mu_law"}, "network": WAVENET}, None),
}  # fmt: skip
