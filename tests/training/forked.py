"""Runs of the tiny models in processes of their own, which may be killed, alone or several of them as under torchrun.

They are forked from one that has loaded torch and the package, and trained nothing: to load them takes seconds.
"""

import importlib
import multiprocessing
import os
import socket
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from unittest.mock import patch

from tests.training import runs

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([f"tests.training.{name}" for name in ("tiny", "codebook", "coder", "streams")])


def start(name: str, out: Path, *words: str, said: Path | None = None, **place: str) -> ForkServerProcess:
    """`python -m tests.training.NAME OUT *words`, begun; `said` gets its stderr, `place` is what torchrun tells it."""
    arguments = (name, [str(out), *words], place, said or Path(os.devnull))
    process = FORKS.Process(target=_run, args=arguments, daemon=True)
    with patch.dict(os.environ, runs.environment()):
        process.start()
    return process


def ended(process: ForkServerProcess) -> int | None:
    """Its exit status, once it has ended."""
    process.join(200)
    return process.exitcode


def as_torchrun(name: str, out: Path, *words: str, processes: int = 2) -> str:
    """Trains the run of script `name` by several processes; returns what they said on stderr."""
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    said = out.with_name(f"{out.name}.said")
    several = {"WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes)}
    several |= {"MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
    started = [
        start(name, out, *words, said=said, RANK=str(rank), LOCAL_RANK=str(rank), **several)
        for rank in range(processes)
    ]
    statuses = [ended(process) for process in started]
    text = said.read_text()
    assert statuses == [0] * processes, text[-3000:]
    return text


def _run(name: str, words: list[str], place: Mapping[str, str], said: Path) -> None:
    os.chdir(runs.ROOT)
    os.environ.update(place)
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), sys.stderr.fileno())
    sys.argv = [name, *words]
    runs.main(importlib.import_module(f"tests.training.{name}").trainer)
