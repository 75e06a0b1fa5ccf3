"""S11: sentences a second of the four translators, untrained and in the shapes of their recipes, at beam 1 and 5.

The native engine and torch's cached step take turns, each with its own encoder. Beside the Transformer stands
CTranslate2 with one of the same shape, in an environment of its own:

    python -m venv peer && peer/bin/pip install ctranslate2
    python -m benchmarks.s11_translation_speed [--lines 32] [--batches 1 32] [--rounds 5] [--peer peer/bin/python]

A change of the code is measured by running this before and after it, in turns on one machine. Speeds of trained models
are recorded by `q5_multi30k`.
"""

import argparse
import statistics
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import torch

import undertow as ut
from benchmarks import peer_translator
from benchmarks.record import RESULTS, record
from undertow.config import parse
from undertow.decoding import targets
from undertow.errors import counted
from undertow.models import Seq2Seq
from undertow.session import Session, make_session

CHARACTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.,"
SENTENCE = "a man is riding a horse on the beach"
ENGINES = ("native", "torch")
TARGET, PEER_TARGET = "≥ 5", "≥ 1"
MOST_SYMBOLS = 24  # of a translation: an untrained model seldom ends one
NETWORKS: dict[str, dict[str, Any]] = {
    "transformer": {
        "encoder_layers": peer_translator.LAYERS,
        "decoder_layers": peer_translator.LAYERS,
        "channels": peer_translator.CHANNELS,
        "num_heads": peer_translator.HEADS,
        "feed_forward_channels": peer_translator.FEED_FORWARD,
        "norm_first": True,
        "max_length": peer_translator.MAX_LENGTH,
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
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--peer", type=Path, help="Python of an environment with ctranslate2")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lines = [SENTENCE[: 10 + (7 * number) % 26] for number in range(options.lines)]
    for kind in options.networks:
        for batch_size in options.batches:
            for beam in (1, 5):
                tell(kind, lines, batch_size, beam, options)


def tell(kind: str, lines: list[str], batch_size: int, beam: int, options: argparse.Namespace) -> None:
    """Measure and record one."""
    began, model = time.perf_counter(), translator(kind)
    found = seconds(model, lines, batch_size, beam, options.rounds)
    native, by_torch = (len(lines) / found[engine] for engine in ENGINES)
    how = f"beam {beam}, {counted(batch_size, 'sentence')} at once"
    common: dict[str, Any] = {"model": f"{kind}, {model.num_parameters:,} parameters", "threads": options.threads}
    common |= {"seconds": time.perf_counter() - began, "results": options.results}
    note = f"{native:.1f} sentences/s, torch {by_torch:.1f}; {len(lines)} sentences, each with its own encoder; "
    note += f"medians of {options.rounds} rounds in turn"
    figure = f"{kind}, native float32 over torch, {how}"
    record("S11", figure, native / by_torch, "×", target=TARGET, note=note, **common)
    if options.peer is None or kind != "transformer":
        return
    peers = [peer_rate(options.peer, lines, batch_size, beam) for _ in range(options.rounds)]
    peer = statistics.median(peers)
    note = f"{native:.1f} sentences/s, CTranslate2 {peer:.1f}, encoder and search by the peer; {len(lines)} sentences"
    figure, target = f"{kind}, native float32 over CTranslate2, {how}", PEER_TARGET if batch_size == 1 else ""
    record("S11", figure, native / peer, "×", target=target, note=note, **common)


def peer_rate(python: Path, lines: list[str], batch_size: int, beam: int) -> float:
    """Sentences a second of CTranslate2, in a process of its own."""
    numbers = [str(one) for one in (batch_size, beam, MOST_SYMBOLS)]
    command = [str(python), peer_translator.__file__, *numbers, "float32", *(str(len(line)) for line in lines)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


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
