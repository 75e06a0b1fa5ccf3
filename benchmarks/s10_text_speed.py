"""S10: symbols a second of the character language models of the text page, greedy, by torch's cached step and by the
native engine in each precision, in turns; beside them CTranslate2 with a GPT-2 of the Transformer's shape.

Weights are random: none of these speeds depends on them. CTranslate2 lives in an environment of its own:

    python -m venv peer && peer/bin/pip install ctranslate2 transformers torch==2.13.0
    python -m benchmarks.s10_text_speed [--batches 1 16] [--length 256] [--rounds 5] [--peer peer/bin/python]
"""

import argparse
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks import peer_ctranslate2
from benchmarks.record import RESULTS, record
from undertow.batch import Batch
from undertow.config import parse
from undertow.models import Autoregressive
from undertow.native import export
from undertow.options import Sampling
from undertow.session import Session, make_session
from undertow.session.conditions import Known
from undertow.session.noise import Philox

SYMBOLS = 65
GREEDY = Sampling(temperature=0.0)
PRECISIONS = ("float32", "bfloat16", "int8")
TARGETS = {"torch": "≥ 10", "peer": "≥ 1"}  # times as fast, one row
NETWORKS: dict[str, dict[str, Any]] = {
    "transformer": {
        "num_layers": peer_ctranslate2.LAYERS,
        "channels": peer_ctranslate2.CHANNELS,
        "num_heads": peer_ctranslate2.HEADS,
        "positions": "learned",
        "activation": "gelu_tanh",
        "tied": True,
    },
    "lstm": {"kind": "rnn", "cell": "lstm", "num_layers": 1, "channels": 400, "embedding_channels": 64},
    "gru": {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 460, "embedding_channels": 64},
    "bytenet": {"channels": 64, "num_cycles": 2},
    "tcn": {"kernel_size": 3, "num_levels": 5, "channels": 160, "embedding_channels": 100},
}


def main() -> None:
    """Measure and record."""
    options = parser().parse_args()
    torch.set_num_threads(1)
    for name in options.networks:
        model = character_model(name, options.length)
        for rows in options.batches:
            began = time.perf_counter()
            rates = measure(name, model, rows, options)
            tell(name, model, rows, rates, time.perf_counter() - began, options)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--networks", nargs="+", default=list(NETWORKS))
    made.add_argument("--batches", type=int, nargs="+", default=[1, 16])
    made.add_argument("--length", type=int, default=256)
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--peer", type=Path, help="Python of an environment with ctranslate2 and transformers")
    made.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    return made


def character_model(name: str, length: int) -> Autoregressive:
    """An untrained model of the text page's shape, for so many characters."""
    torch.manual_seed(0)
    network = {"kind": name, **NETWORKS[name]}
    if name == "transformer":
        network["max_length"] = length + 1
    alphabet = {"kind": "characters", "characters": "".join(chr(ord("!") + index) for index in range(SYMBOLS))}
    values = {"kind": "autoregressive", "alphabet": alphabet, "network": network, "emission": {"kind": "categorical"}}
    return Autoregressive(parse(Autoregressive.Config, values)).eval()


def measure(name: str, model: Autoregressive, rows: int, options: argparse.Namespace) -> dict[str, float]:
    """Symbols a second over all rows, by torch, by each precision, and by the peer; medians of rounds in turn."""
    symbols = torch.randint(SYMBOLS, (4, options.length))
    batches = [Batch(symbols, torch.ones_like(symbols, dtype=torch.bool))]
    sessions: dict[str, Session] = {"torch": make_session(model, "torch", 1)}
    for precision in PRECISIONS:
        exported = export(model, precision, batches if precision == "int8" else None)
        sessions[precision] = make_session(exported, "native", 1)
    has_peer = options.peer is not None and name == "transformer"
    rates: dict[str, list[float]] = {name: [] for name in (*sessions, *(["peer", "peer int8"] if has_peer else []))}
    for _ in range(options.rounds):
        for engine, session in sessions.items():
            rates[engine].append(rate(model, session, rows, options.length))
        for engine in rates.keys() - sessions.keys():
            precision = "int8" if engine.endswith("int8") else "float32"
            rates[engine].append(peer_rate(options.peer, rows, options.length, precision))
    return {engine: statistics.median(found) for engine, found in rates.items()}


def rate(model: Autoregressive, session: Session, rows: int, length: int) -> float:
    """Symbols a second of a session from the start symbol on."""
    session.prime([torch.zeros(0, dtype=torch.int64)] * rows, Known(model, rows, {}))
    noise = Philox([0] * rows, range(rows), [0] * rows, 1)
    began = time.perf_counter()
    session.draw(noise, length, GREEDY)
    return rows * length / (time.perf_counter() - began)


def peer_rate(python: Path, rows: int, length: int, precision: str) -> float:
    """The same of CTranslate2, in a process of its own."""
    command = [str(python), peer_ctranslate2.__file__, str(rows), str(length), precision]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def tell(
    name: str,
    model: Autoregressive,
    rows: int,
    rates: dict[str, float],
    seconds: float,
    options: argparse.Namespace,
) -> None:
    """Record each engine's speed over torch's, and the Transformer's over the peer's."""
    shape = f"{name}, {model.num_parameters:,} parameters, {SYMBOLS} characters"
    common: dict[str, Any] = {"model": shape, "seconds": seconds, "threads": 1, "results": options.results}
    number = f"{rows} row{'s' if rows > 1 else ''}"
    how = f"{options.length} symbols, greedy; medians of {options.rounds} rounds in turn"
    for precision in PRECISIONS:
        fast, slow = rates[precision], rates["torch"]
        note = f"{fast:,.0f} symbols/s, torch {slow:,.0f}; {how}"
        target = TARGETS["torch"] if rows == 1 else ""
        record(
            "S10",
            f"{name}, native {precision} over torch, {number}",
            fast / slow,
            "×",
            note=note,
            target=target,
            **common,
        )
        peer = rates.get("peer int8" if precision == "int8" else "peer")
        if peer is None:
            continue
        note = f"{fast:,.0f} symbols/s, CTranslate2 {peer:,.0f}; {how}"
        target = TARGETS["peer"] if rows == 1 else ""
        figure = f"{name}, native {precision} over CTranslate2, {number}"
        record("S10", figure, fast / peer, "×", note=note, target=target, **common)


if __name__ == "__main__":
    main()
