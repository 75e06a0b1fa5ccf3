"""Every kind of file that the product reads: a good one, and the code that reads it."""

import gzip
import io
import json
import shutil
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from tests.generation.symbol_models import text_model
from undertow import checkpoint, hub, state
from undertow.alphabets.bytes import Bytes
from undertow.alphabets.subwords import from_files, train_subwords
from undertow.coding.coders import Plain
from undertow.coding.container import Header, Writer, read_blocks
from undertow.coding.container import read_header as read_header_of_codes
from undertow.config import parse
from undertow.data.audio import read_audio
from undertow.data.describe import describe
from undertow.data.folder import Layout, list_items
from undertow.data.labelled_text import open_labelled_text
from undertow.data.midi import read_midi, write_midi
from undertow.data.mnist import read_idx
from undertow.data.parallel_text import open_parallel_text
from undertow.data.rolls import load_rolls, read_mat, write_roll
from undertow.data.text import encode, open_text
from undertow.data.unit_files import read_units
from undertow.data.unpack import unpack
from undertow.door import opened
from undertow.generation import resume, stream
from undertow.media.arrays import read_array
from undertow.native import why_missing
from undertow.native.engine import make_program
from undertow.native.export import export
from undertow.native.format import read_header
from undertow.numpy_files import read_arrays
from undertow.recipes import train
from undertow.recipes.recipe import FOLDER, read_recipe
from undertow.representation.frame_files import read_frame_file
from undertow.training import resume_state
from undertow.training.config import TrainingConfig
from undertow.training.journal import Journal
from undertow.training.length import Length
from undertow.training.run_folder import read_settings

SENTENCES = "".join(f"the {word} of number {number}\n" for number, word in enumerate(("line", "baker", "dog") * 20))


@dataclass(frozen=True)
class Kind:
    """A good file, `name` below a folder that may hold others, and how it is read."""

    name: str
    read: Callable[[Path], Any]
    is_text: bool = False


def roll() -> np.ndarray:
    return (np.random.default_rng(0).random((40, 88)) < 0.1).astype(np.uint8)


def code_file() -> bytes:
    file, header = io.BytesIO(), Header("plain", 8000, 160, 3200, (64,), bytes(8))
    writer = Writer(file, header)
    for block in np.arange(20).reshape(2, 10, 1):
        writer.add(10, Plain((64,)).encode(block))
    return file.getvalue()


def read_code_file(path: Path) -> None:
    with opened(path) as file:
        header = read_header_of_codes(file, str(path))
        for number, message in read_blocks(file, header, str(path)):
            Plain(header.num_codes).decode(message, number)


def make(folder: Path) -> dict[str, Kind]:
    """Every kind by name, with its files written to `folder`/name."""
    made = {**_sounds(folder), **_arrays(folder), **_texts(folder), **_checkpoints(folder), **_archives(folder)}
    assert all((folder / name / kind.name).is_file() for name, kind in made.items())
    return made


def _put(folder: Path, name: str, data: bytes | str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def _sound(suffix: str, **how: str) -> bytes:
    file = io.BytesIO()
    wave = 0.4 * np.sin(np.arange(4000) / 9).astype(np.float32)
    soundfile.write(file, wave, 8000, format=suffix, **how)
    return file.getvalue()


def _sounds(folder: Path) -> dict[str, Kind]:
    forms: dict[str, dict[str, str]] = {"wav": {}, "flac": {}, "ogg": {}, "mp3": {}, "aiff": {}, "caf": {}, "au": {}}
    forms |= {"w64": {}, "float.wav": {"subtype": "FLOAT"}, "adpcm.wav": {"subtype": "IMA_ADPCM"}}
    made = {}
    for name, how in forms.items():
        suffix = name.split(".")[-1]
        _put(folder / name, f"a.{suffix}", _sound(suffix.upper(), **how))
        made[name] = Kind(f"a.{suffix}", lambda path: read_audio(path, 6000))
    for number in range(4):
        _put(folder / "metadata.csv", f"{number}.wav", _sound("WAV"))
        _put(folder / "folder of sound", f"one/{number}.wav", _sound("WAV"))
    rows = "".join(f"{number}.wav,{number % 2},train,some words\n" for number in range(4))
    _put(folder / "metadata.csv", "metadata.csv", "file,digit,split,text\n" + rows)
    made["metadata.csv"] = Kind("metadata.csv", lambda path: list_items(path.parent, Layout()), True)
    made["folder of sound"] = Kind("one/0.wav", lambda path: describe(path.parents[1]))
    return made


def _arrays(folder: Path) -> dict[str, Kind]:
    np.save(_new(folder / "npy" / "a.npy"), np.arange(120, dtype=np.float32).reshape(30, 4))
    torch.save(torch.arange(120.0).reshape(30, 4), _new(folder / "pt" / "a.pt"))
    write_roll(folder / "npz" / "a.npz", roll())
    np.savez(_new(folder / "npz, stored" / "a.npz"), a=roll())
    write_midi(folder / "mid" / "a.mid", roll())
    idx = struct.pack(">IIII", 0x803, 20, 7, 9) + bytes(range(180)) * 7
    _put(folder / "idx", "a-idx3-ubyte", idx)
    _put(folder / "idx.gz", "a-idx3-ubyte.gz", gzip.compress(idx))
    made = {
        "npy": Kind("a.npy", read_arrays),
        "pt": Kind("a.pt", read_frame_file),
        "npz": Kind("a.npz", lambda path: load_rolls(path.parent)),
        "npz, stored": Kind("a.npz", lambda path: read_array(path, "music")),
        "mid": Kind("a.mid", read_midi),
        "idx": Kind("a-idx3-ubyte", read_idx),
        "idx.gz": Kind("a-idx3-ubyte.gz", read_idx),
    }
    try:
        from scipy.io import savemat
    except ImportError:
        return made
    held = {key: np.empty((1, 3), object) for key in ("traindata", "validdata", "testdata")}
    for cells in held.values():
        cells[0] = [roll(), roll()[:5], roll()[:9]]
    for name, packed in {"mat": False, "mat, packed": True}.items():
        savemat(_new(folder / name / "a.mat"), held, do_compression=packed)
        made[name] = Kind("a.mat", lambda path: read_mat(path, "train"))
    return made


def _new(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _texts(folder: Path) -> dict[str, Kind]:
    table = "text,label,split\n" + "".join(f'"the {n}, said",{n % 3},\n' for n in range(30))
    files: dict[str, tuple[str, bytes]] = {
        "txt": ("a.txt", SENTENCES.encode()),
        "txt.gz": ("train.en.gz", gzip.compress(SENTENCES.encode())),
        "pairs": ("train.en", SENTENCES.encode()),
        "pairs.tsv": ("a.en-de.tsv", SENTENCES.replace(" of", "\tof").encode()),
        "table.csv": ("a.csv", table.encode()),
        "table.tsv": ("a.tsv", table.replace(",", "\t").encode()),
        "recipe": ("a.yaml", (FOLDER / "wavenet.yaml").read_bytes()),
        "tokenizer.json": ("tokenizer.json", train_subwords([SENTENCES], 300).tokenizer.encode()),
        "config.json": ("config.json", json.dumps(GPT2).encode()),
        "log.jsonl": ("log.jsonl", b"".join(b'{"step": %d, "loss": 1.5}\n' % step for step in range(1, 30))),
        "plan.json": ("plan.json", b'{"steps": 100}'),
        "units.jsonl": ("units.jsonl", b'{"file_name": "a", "units": [[1, 2], [0, 3]], "duration": 0.1}\n' * 9),
        "utk": ("a.utk", code_file()),
    }
    for name, (file, data) in files.items():
        _put(folder / name, file, data)
    for name in ("txt.gz", "pairs"):
        _put(folder / name, "train.de", SENTENCES)
    _put(folder / "config.json", "tokenizer.json", files["tokenizer.json"][1])
    timed = parse(TrainingConfig, {"minutes": 1, "learning_rate": 0.1, "batch_size": 2})
    reads: dict[str, Callable[[Path], Any]] = {
        "txt": lambda path: encode(open_text(path).documents, Bytes(Bytes.Config())) and describe(path),
        "txt.gz": lambda path: open_parallel_text(path.parent, ("en", "de")),
        "pairs": lambda path: open_parallel_text(path.parent, ("en", "de")),
        "pairs.tsv": lambda path: open_parallel_text(path, ("en", "de")),
        "table.csv": open_labelled_text,
        "table.tsv": open_labelled_text,
        "recipe": read_recipe,
        "tokenizer.json": lambda path: from_files(path.parent),
        "config.json": lambda path: hub.read_config(path.parent),
        "log.jsonl": lambda path: Journal(path.parent, 20, False).__exit__(None, None, None),
        "plan.json": lambda path: Length(timed, path.parent).read(),
        "units.jsonl": read_units,
        "utk": read_code_file,
    }
    packed = {".gz", ".utk"}
    return {name: Kind(files[name][0], read, Path(files[name][0]).suffix not in packed) for name, read in reads.items()}


GPT2 = {"model_type": "gpt2", "vocab_size": 300, "n_positions": 8, "n_embd": 8, "n_layer": 1, "n_head": 2}


def _checkpoints(folder: Path) -> dict[str, Kind]:
    """Checkpoints, saved states and the files of a run; most without digests, so that what is damaged is parsed."""
    checkpoint.save(folder / "config.yaml", text_model().float(), {"data": {"name": "x"}, "note": "a card"})
    for name in ("model.safetensors", "card.md", "digests.json"):
        shutil.copytree(folder / "config.yaml", folder / name)
    for name in ("config.yaml", "model.safetensors", "card.md"):
        (folder / name / "digests.json").unlink()
    model = checkpoint.load(folder / "config.yaml")
    parts = stream(model, num_steps=20, chunk_steps=4)
    next(parts)
    state.save(parts.state, _new(folder / "state" / "a.state"))
    texts = folder / "run" / "a.txt"
    _put(folder / "run", "a.txt", SENTENCES * 3)
    changes = {"network.channels": 4, "data.crop_steps": 20, "samples.count": 0, "training.tensorboard": False}
    train("gru-tinyshakespeare", folder / "run" / "out", data=texts, changes=changes, steps=2, device="cpu")
    step = "out/checkpoints/step-00000002"
    trained = checkpoint.load(folder / "run" / step)
    (folder / "run" / step / "digests.json").unlink()
    for name in ("training.json", "training.safetensors", "run.yaml"):
        shutil.copytree(folder / "run", folder / name, symlinks=True)

    def again(path: Path) -> Any:
        return resume_state.read(path.parent, trained, 0)

    made = {
        "config.yaml": Kind("config.yaml", lambda path: checkpoint.load(path.parent), True),
        "model.safetensors": Kind("model.safetensors", lambda path: checkpoint.load(path.parent)),
        "card.md": Kind("card.md", lambda path: checkpoint.read_card(path.parent), True),
        "digests.json": Kind("digests.json", lambda path: checkpoint.load(path.parent), True),
        "state": Kind("a.state", lambda path: next(resume(model, state.load(path), num_steps=4))),
        "training.json": Kind(f"{step}/training.json", again, True),
        "training.safetensors": Kind(f"{step}/training.safetensors", again),
        "run.yaml": Kind("out/run.yaml", lambda path: read_settings(path.parent), True),
    }
    if why_missing() is None:
        checkpoint.save(folder / "engine", export(model, "float32"), {})
        made["engine"] = Kind("model.engine", lambda path: checkpoint.load(path.parent))
        shutil.copytree(folder / "engine", folder / "engine alone")
        made["engine alone"] = Kind("model.engine", _read_engine)
    return made


def _read_engine(path: Path) -> None:
    data = path.read_bytes() if path.is_file() and path.stat().st_size < 1 << 20 else b""
    read_header(data)
    make_program(data)


def _archives(folder: Path) -> dict[str, Kind]:
    files = {f"set/{number}.txt": SENTENCES.encode() for number in range(4)}
    made = {}
    for name, mode in {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz", "tar.bz2": "w:bz2"}.items():
        with tarfile.open(_new(folder / name / f"a.{name}"), mode) as archive:
            for file, data in files.items():
                member = tarfile.TarInfo(file)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        made[name] = Kind(f"a.{name}", _unpack)
    with zipfile.ZipFile(_new(folder / "zip" / "a.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in files.items():
            archive.writestr(file, data)
    made["zip"] = Kind("a.zip", _unpack)
    return made


def _unpack(path: Path) -> None:
    out = path.parent / "unpacked"
    out.mkdir()
    unpack(path, out)


torch.set_num_threads(1)
