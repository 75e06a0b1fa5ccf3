"""Sentences a second of the four translators, untrained and in the shapes of their recipes, at beam 1 and 5: by the
native engine, and by torch's cached step, in turns.

    python -m benchmarks.translating_speed [--lines 128] [--rounds 5] [--threads 1]

A change of the code is measured by running this before and after it, in turns on one machine. Speeds of trained models
are recorded by `q5_multi30k`.
"""

import argparse
import statistics
import time
from functools import partial
from typing import Any
from unittest import mock

import torch

import undertow as ut
from undertow.config import parse
from undertow.decoding import targets
from undertow.models import Seq2Seq
from undertow.session import Session, make_session

CHARACTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.,"
SENTENCE = "a man is riding a horse on the beach"
ENGINES = ("native", "torch")
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
    parser.add_argument("--lines", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lines = [SENTENCE[: 10 + (7 * number) % 26] for number in range(options.lines)]
    for kind in NETWORKS:
        for beam in (1, 5):
            found = seconds(translator(kind), lines, beam, options.rounds)
            native, by_torch = (len(lines) / found[engine] for engine in ENGINES)
            ratio = f"{native / by_torch:.2f} times torch's {by_torch:.1f}"
            print(f"{kind}, beam {beam}: {native:.1f} sentences/s, {ratio}", flush=True)


def translator(kind: str) -> Seq2Seq:
    """An untrained translator of characters."""
    torch.manual_seed(0)
    alphabet = {"kind": "characters", "characters": CHARACTERS}
    network = {"kind": kind, **NETWORKS[kind]}
    values = {"source": alphabet, "alphabet": alphabet, "network": network, "direction": ("en", "de")}
    return Seq2Seq(parse(Seq2Seq.Config, values))


def seconds(model: Seq2Seq, lines: list[str], beam: int, rounds: int) -> dict[str, float]:
    """The median time of translating the lines by each engine, after one round that is not counted."""
    taken: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    for _ in range(rounds + 1):
        for engine, times in taken.items():
            with mock.patch.object(targets, "make_session", partial(made, engine)):
                began = time.perf_counter()
                ut.translate(model, lines, beam=beam, max_length=MOST_SYMBOLS)
                times.append(time.perf_counter() - began)
    return {engine: statistics.median(times[1:]) for engine, times in taken.items()}


def made(engine: str, model: Seq2Seq, _: str) -> Session:
    """A session of an engine, whatever was asked for."""
    return make_session(model, engine)


if __name__ == "__main__":
    main()
