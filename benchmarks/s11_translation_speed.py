"""S11: sentences a second of the four translators, untrained and in the shapes of their recipes, at beam 1 and 5.

The native engine and torch's cached step take turns; torch encodes the sources for both.

    python -m benchmarks.s11_translation_speed [--lines 32] [--batches 1 32] [--rounds 5]

A change of the code is measured by running this before and after it, in turns on one machine. Speeds of trained models
are recorded by `q5_multi30k`.
"""

import argparse
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import torch

import undertow as ut
from benchmarks.record import RESULTS, record
from undertow.config import parse
from undertow.decoding import targets
from undertow.errors import counted
from undertow.models import Seq2Seq
from undertow.session import Session, make_session

CHARACTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.,"
SENTENCE = "a man is riding a horse on the beach"
ENGINES = ("native", "torch")
TARGET = "≥ 5"
MOST_SYMBOLS = 24  # of a translation: an untrained model seldom ends one
NETWORKS: dict[str, dict[str, Any]] = {
    "transformer": {
        "encoder_layers": 4,
        "decoder_layers": 4,
        "channels": 128,
        "num_heads": 4,
        "feed_forward_channels": 256,
        "norm_first": True,
        "max_length": 256,
    },
    "rnn_attention": {"channels": 256},
    "rnn": {"cell": "lstm", "num_layers": 2, "channels": 256, "embedding_channels": 256},
    "bytenet": {"channels": 128, "encoder_cycles": 2, "decoder_cycles": 2, "layers_per_cycle": 4},
}


def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=32)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32], help="sentences at once")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lines = [SENTENCE[: 10 + (7 * number) % 26] for number in range(options.lines)]
    for kind in NETWORKS:
        for batch_size in options.batches:
            for beam in (1, 5):
                tell(kind, lines, batch_size, beam, options)


def tell(kind: str, lines: list[str], batch_size: int, beam: int, options: argparse.Namespace) -> None:
    """Measure and record one."""
    began, model = time.perf_counter(), translator(kind)
    found = seconds(model, lines, batch_size, beam, options.rounds)
    native, by_torch = (len(lines) / found[engine] for engine in ENGINES)
    record(
        "S11",
        f"{kind}, native float32 over torch, beam {beam}, {counted(batch_size, 'sentence')} at once",
        native / by_torch,
        "×",
        model=f"{kind}, {model.num_parameters:,} parameters",
        seconds=time.perf_counter() - began,
        target=TARGET,
        note=f"{native:.1f} sentences/s, torch {by_torch:.1f}; {len(lines)} sentences, the encoder by torch in both; "
        f"medians of {options.rounds} rounds in turn",
        threads=options.threads,
        results=options.results,
    )


def translator(kind: str) -> Seq2Seq:
    """An untrained translator of characters."""
    torch.manual_seed(0)
    alphabet = {"kind": "characters", "characters": CHARACTERS}
    network = {"kind": kind, **NETWORKS[kind]}
    values = {"source": alphabet, "alphabet": alphabet, "network": network, "direction": ("en", "de")}
    return Seq2Seq(parse(Seq2Seq.Config, values)).eval()


def seconds(model: Seq2Seq, lines: list[str], batch_size: int, beam: int, rounds: int) -> dict[str, float]:
    """The median time of translating the lines by each engine, after one round that is not counted."""
    taken: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    for _ in range(rounds + 1):
        for engine, times in taken.items():
            with mock.patch.object(targets, "make_session", partial(made, engine)):
                began = time.perf_counter()
                ut.translate(model, lines, beam=beam, batch_size=batch_size, max_length=MOST_SYMBOLS)
                times.append(time.perf_counter() - began)
    return {engine: statistics.median(times[1:]) for engine, times in taken.items()}


def made(engine: str, model: Seq2Seq, _: str) -> Session:
    """A session of an engine, whatever was asked for."""
    return make_session(model, engine)


if __name__ == "__main__":
    main()
