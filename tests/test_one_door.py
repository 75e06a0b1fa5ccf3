"""Files that users name are opened in `undertow.door` alone, or by the one reader of a format."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.modules import FILES, PACKAGE, module_of

# Calls that open or read a file, and the files that may make them. Whoever reads a format that needs a library of its
# own passes it what the door opened, or a name that the door checked.
READERS: dict[str, set[str]] = {
    "open": {
        *("door.py", "data/download.py", "files.py", "cli/streams.py"),
        *("numpy_files.py", "data/unpack.py"),  # archives that the door opened
        *("data/named_set.py", "data/catalogue.py"),  # a method of this name
        *("data/image_files.py", "data/masks.py"),  # bytes that the door read
    },
    "fdopen": {"door.py", "data/download.py"},
    "read_bytes": set(),
    "read_text": set(),
    "load": set(),  # of numpy, torch, json, pickle
    "fromfile": set(),
    "loadtxt": set(),
    "genfromtxt": set(),
    "open_memmap": set(),
    "memmap": {"data/symbol_cache.py", "data/spool.py"},
    "GzipFile": {"door.py"},
    "ZipFile": {"numpy_files.py", "representation/tensor_files.py", "data/unpack.py"},
    "is_zipfile": {"data/unpack.py"},
    "info": {"data/audio.py"},
    "SoundFile": {"data/audio.py"},  # to write
    "safe_open": {"weights.py"},
    "load_file": set(),
    "from_file": {"alphabets/subwords.py"},
    "loadmat": set(),
    "MidiFile": {"data/midi.py"},
}
OWNERS = {  # calls of these names count if they are of these modules or classes; all others count whatever they are of
    "load": {"np", "numpy", "torch", "json", "pickle", "marshal"},
    "info": {"soundfile"},
    "SoundFile": {"soundfile"},
}
MODULES = {"gzip", "bz2", "lzma", "zipfile", "tarfile", "soundfile", "pickle", "mmap", "shelve", "marshal"}
IMPORTED_BY = {
    "pickle": {"representation/tensor_files.py"},  # its opcodes, with three names of its own to call
    "gzip": {"door.py", "evaluation/baselines.py"},
    "bz2": {"evaluation/baselines.py"},
    "lzma": {"data/unpack.py", "evaluation/baselines.py"},
    "zipfile": {"numpy_files.py", "representation/tensor_files.py", "data/unpack.py"},
    "tarfile": {"data/unpack.py"},
    "soundfile": {"data/audio.py"},
}
WRITING = set("wax+")


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the name of every call that could read a file."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        owner = (
            function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""
        )
        if name not in READERS or (name in OWNERS and owner not in OWNERS[name]):
            continue
        is_method = isinstance(function, ast.Attribute)
        if name == "open" and is_method:
            modes = [one.value for one in node.args[:1] if isinstance(one, ast.Constant)]
            if modes and isinstance(modes[0], str) and set(modes[0]) & WRITING:
                continue
        if name in ("read_text", "read_bytes") and not is_method:
            continue  # the door's own
        yield node.lineno, name


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from ((node.lineno, name) for name in names if name in MODULES)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_files_are_opened_through_the_door(path: Path) -> None:
    here, tree = path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))
    found = [f"line {line}: {name}" for line, name in calls(tree) if here not in READERS[name]]
    found += [f"line {line}: import {name}" for line, name in imports(tree) if here not in IMPORTED_BY.get(name, ())]
    assert not found, f"{here} opens files itself, not through undertow.door: {', '.join(found)}"


def test_such_a_call_is_found() -> None:
    text = "open(p); p.open(); p.open('rb'); p.open('w'); p.read_text(); read_text(p); np.load(p); model.load(p)"
    assert [name for _, name in calls(ast.parse(text))] == ["open", "open", "open", "read_text", "load"]
    assert [name for _, name in imports(ast.parse("import gzip, json; from pickle import loads"))] == ["gzip", "pickle"]
