"""Imports run one way, need only the core packages, and cost the command line nothing it does not use."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions

import pytest

from tests.modules import FILES, MODULES, SRC, imported, module_of, room_of

PYPROJECT = SRC.parent / "pyproject.toml"

# A room may import itself and the rooms of earlier lines, never another one of its own line.
ORDER = [
    {"errors", "callbacks"},
    {"door"},
    {
        "arguments",
        "config",
        "device",
        "digests",
        "files",
        "memory_room",
        "numpy_files",
        "plain_yaml",
        "run_steps",
        "threads",
        "version",
        "weights",
    },
    {"options"},
    {"state", "batch", "alphabets"},
    {"emissions", "data"},
    {"media"},
    {"layers"},
    {"bottlenecks", "distillation", "networks"},
    {"models"},
    {"card", "hub", "native"},
    {"checkpoint"},
    {"session"},
    {"generation", "decoding", "prediction", "representation"},
    {"coding", "discrimination", "training"},
    {"evaluation"},
    {"cost", "reconstruction", "vocoding"},
    {"speaking"},
    {"pictures"},
    {"recipes"},
    {"cli", "server"},
    {"__init__", "__main__"},
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
# What is narrower than the order: the prefixes a room may import at all, beside itself and the first four lines.
ONLY = {
    "data": ("undertow.alphabets", "undertow.batch"),
    "media": ("undertow.alphabets", "undertow.data"),
    "training": (
        *("undertow.state", "undertow.batch", "undertow.checkpoint"),
        *("undertow.models.examined", "undertow.models.loss", "undertow.models.model"),
    ),
}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_order(path):
    here = room_of(module_of(path))
    assert here in RANK, f"give {path.relative_to(SRC)} a place in ORDER"
    for name in imported(path):
        there = room_of(name)
        assert there in RANK, f"{path.relative_to(SRC)} imports {name}, which is no room"
        assert here == there or RANK[there] < RANK[here], (
            f"{path.relative_to(SRC)} imports {name.replace('.', '/')}.py: {there} does not come before {here}"
        )
        narrow = ONLY.get(here)
        assert narrow is None or here == there or RANK[there] < 4 or name.startswith(narrow), (
            f"{path.relative_to(SRC)} imports {name.replace('.', '/')}.py: {here} sees {', '.join(narrow)} alone"
        )


def test_files_are_short_enough_to_do_one_thing():
    long = {str(path.relative_to(SRC)): n for path in FILES if (n := len(path.read_text().splitlines())) > 400}
    assert not long, f"over 400 lines: {long}; what second thing are they doing?"


def core_distributions() -> set[str]:
    """Names of what a minimal install brings, found by following requirements without any extra."""
    found, waiting = set(), tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
    while waiting:
        name = normal(re.match(r"[\w.-]+", waiting.pop())[0])
        if name not in found:
            found.add(name)
            needed = distribution(name).requires or [] if name in INSTALLED else []
            waiting += [requirement for requirement in needed if "extra ==" not in requirement]
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


TOP_LEVEL = {name: {normal(owner) for owner in owners} for name, owners in packages_distributions().items()}
INSTALLED = set().union(*TOP_LEVEL.values())

IMPORT_ALL = """
import sys, importlib
blocked, modules = set(sys.argv[1].split()), sys.argv[2].split()
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
for module in modules:
    importlib.import_module(module)
"""


def test_every_module_imports_with_the_minimal_install():
    core = core_distributions()
    assert {"torch", "numpy", "pydantic"} <= core and not core & {"pytest", "matplotlib", "tensorboard", "scipy"}
    blocked = {name for name, owners in TOP_LEVEL.items() if not owners & core}
    assert {"pytest", "matplotlib", "tensorboard", "scipy", "beartype"} & set(TOP_LEVEL) <= blocked
    modules = sorted(MODULES - {"undertow.__main__"})
    run_python("-W", "error", "-c", IMPORT_ALL, " ".join(blocked), " ".join(modules))


COST_OF_HELP = """
import io, contextlib, sys
sys.argv = ["undertow", "--help"]
from undertow.cli import main
out = io.StringIO()
with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
    main()
assert "train" in out.getvalue() and "generate" in out.getvalue(), out.getvalue()
import time
print(time.process_time(), *sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_help_loads_nothing_heavy_and_answers_in_half_a_second():
    seconds, *modules = run_python("-c", COST_OF_HELP).split()
    assert not {"torch", "numpy", "scipy", "soundfile", "soxr", "safetensors", "matplotlib"} & set(modules)
    # Processor time, the best of five: the clock on the wall belongs to whatever else the machine is doing.
    best = min([float(seconds)] + [float(run_python("-c", COST_OF_HELP).split()[0]) for _ in range(4)])
    assert best < 0.5


def run_python(*arguments: str) -> str:
    environment = {"PYTHONPATH": str(SRC), "PATH": "", "HOME": "/nonexistent", "OMP_NUM_THREADS": "1"}
    result = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    return result.stdout
