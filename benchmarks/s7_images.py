"""S7 of images: a PixelCNN with its cache, without it, and by Jacobi iteration; PixelRNN and PixelCNN++ in
the engine and in torch.

Without a cache each pixel costs one parallel call over the past, so that is measured at some pixels spread over the
image, and multiplied. "Whole" is what a plain sampling loop does: one call over the whole image for each pixel.

    python -m benchmarks.s7_images [--batches 1 64] [--sides 14 28 56] [--run RUN] [--rounds 5] [--threads N]
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.record import RESULTS, record
from undertow.batch import Condition
from undertow.checkpoint import load
from undertow.config import parse
from undertow.cost.measuring import exponent
from undertow.generation import generate
from undertow.models import Autoregressive, require
from undertow.session import Known, make_session
from undertow.session.inference import inference
from undertow.session.noise import Philox

SIDE = 28
PIXEL_ROWS = 8  # that are drawn to time a pixel with a cache
TARGET = "≥ 50"
BESIDE_TORCH = {  # as the recipes have them
    "row_lstm": {"kind": "row_lstm", "channels": 32, "num_layers": 5},
    "diagonal_bilstm": {"kind": "diagonal_bilstm", "channels": 16, "num_layers": 7},
    "pixelcnn_pp": {"kind": "pixelcnn_pp", "channels": 24, "num_blocks": 2, "num_levels": 3},
}


def main() -> None:
    """Measure and record."""
    options = parser().parse_args()
    torch.manual_seed(0)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    for batch_size in options.batches:
        compare(options, batch_size)
        for kind, config in BESIDE_TORCH.items():
            compare_engines(options, kind, config, batch_size)
    grow(options)
    if options.run is not None:
        iterate(options)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--batches", type=int, nargs="+", default=[1, 64])
    made.add_argument("--sides", type=int, nargs="+", default=[14, 28, 56], help="of images, for the exponents")
    made.add_argument("--side", type=int, default=SIDE, help="of the images that are compared")
    made.add_argument("--run", type=Path, help="a trained model of images, for Jacobi iteration")
    made.add_argument("--count", type=int, default=16, help="images that Jacobi iteration draws, one at a time")
    made.add_argument("--width", type=int, default=128)
    made.add_argument("--depth", type=int, default=15)
    made.add_argument("--places", type=int, default=8, help="pixels at which generation without a cache is measured")
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--threads", type=int, help="of torch and of the engine; by default as many as it finds useful")
    made.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    return made


def pixelcnn(side: int, width: int, depth: int) -> Autoregressive:
    """A fresh PixelCNN of black-and-white images."""
    return fresh(side, {"kind": "pixelcnn", "channels": width, "num_layers": depth})


def fresh(side: int, network: Mapping[str, Any]) -> Autoregressive:
    """A fresh model of black-and-white images."""
    parts = {
        "alphabet": {"kind": "pixels", "num_levels": 2, "shape": (side, side, 1)},
        "network": network,
        "emission": {"kind": "categorical"},
    }
    return Autoregressive(parse(Autoregressive.Config, parts)).eval()


def compare(options: argparse.Namespace, batch_size: int) -> None:
    """The cache's gain for whole images, in torch and in the engine; the engines take turns."""
    began, side = time.perf_counter(), options.side
    model = pixelcnn(side, options.width, options.depth)
    num_steps, threads = side * side, options.threads
    ways = {engine: partial(cached, model, engine, num_steps, batch_size, threads) for engine in engines(model)}
    ways["uncached"] = partial(uncached, model, places(side, options.places), batch_size, threads)
    seconds = in_turn(ways, options.rounds)
    seconds["uncached"] *= num_steps
    rows = f"{batch_size} image{'s' if batch_size > 1 else ''}"
    for engine in engines(model):
        record(
            "S7",
            f"pixelcnn, {engine} over uncached, {side} x {side}, {rows}",
            seconds["uncached"] / seconds[engine],
            "×",
            target=TARGET if batch_size == 1 else "",
            note=f"{seconds[engine]:.3g} s with the cache; {seconds['uncached']:.3g} s without, from {options.places} "
            f"pixels spread over the image; medians of {options.rounds} rounds in turn",
            **common(options, model, began),
        )


def compare_engines(options: argparse.Namespace, kind: str, config: Mapping[str, Any], batch_size: int) -> None:
    """The engine over torch, whole images, both with their state."""
    began, side = time.perf_counter(), options.side
    model = fresh(side, config)
    ways = {
        engine: partial(cached, model, engine, side * side, batch_size, options.threads) for engine in engines(model)
    }
    seconds = in_turn(ways, options.rounds)
    if "native" not in seconds:
        return
    record(
        "S7",
        f"{kind}, native over torch, {side} x {side}, {batch_size} image{'s' if batch_size > 1 else ''}",
        seconds["torch"] / seconds["native"],
        "×",
        note=f"{seconds['native']:.3g} s and {seconds['torch']:.3g} s; medians of {options.rounds} rounds in turn",
        **common(options, model, began),
    )


def grow(options: argparse.Namespace) -> None:
    """How the cost of one pixel grows with the image's side."""
    began = time.perf_counter()
    models = {side: pixelcnn(side, options.width, options.depth) for side in options.sides}
    costs: dict[str, list[float]] = {}
    for side, model in models.items():
        num_steps, threads = side * PIXEL_ROWS, options.threads
        ways = {engine: partial(cached, model, engine, num_steps, 1, threads) for engine in engines(model)}
        ways["uncached"] = partial(uncached, model, places(side, options.places), 1, threads)
        ways["whole"] = partial(whole, model, side * side)
        for way, seconds in in_turn(ways, options.rounds).items():
            costs.setdefault(way, []).append(seconds / (1 if way in ("uncached", "whole") else num_steps))
    for way, found in costs.items():
        record(
            "S7",
            f"pixelcnn, {way}: exponent of a pixel's time in the image's side",
            exponent(options.sides, found) or 0.0,
            "",
            note=", ".join(f"{side}: {1e3 * one:.3g} ms" for side, one in zip(options.sides, found, strict=True))
            + f"; medians of {options.rounds} rounds in turn",
            **common(options, models[options.sides[0]], began),
        )


def iterate(options: argparse.Namespace) -> None:
    """Jacobi iteration with a trained model, one image at a time: calls, and time beside step by step."""
    began, model = time.perf_counter(), require(load(options.run), "generate")
    num_steps = int(np.prod(model.alphabet.shape))
    seconds: dict[str, list[float]] = {}
    calls, equal = [], 0
    for seed in range(options.count):
        drawn = {}
        for engine in (*engines(model), "jacobi"):
            session = ready(model, engine, 1, options.threads, [])
            started = time.perf_counter()
            drawn[engine] = session.draw(Philox([seed], [0], [0], model.emission.num_uniforms), num_steps)
            seconds.setdefault(engine, []).append(time.perf_counter() - started)
        calls.append(session.num_calls)
        equal += torch.equal(drawn["jacobi"], drawn["torch"])
    times = ", ".join(f"{engine} {statistics.median(one):.3g} s" for engine, one in seconds.items())
    record(
        "S7",
        f"{options.run.name}, jacobi: model calls for each pixel",
        statistics.mean(calls) / num_steps,
        "",
        note=f"{statistics.mean(calls):.0f} calls for {num_steps} steps, mean of {options.count} images, {equal} of "
        f"them equal to torch's step by step; an image: {times} (medians)",
        **common(options, model, began),
    )


def engines(model: Autoregressive) -> list[str]:
    """The engines with a cache."""
    return list(dict.fromkeys(["torch", make_session(model).engine]))


def cached(model: Autoregressive, engine: str, num_steps: int, batch_size: int, threads: int | None) -> float:
    """Seconds to draw so many pixels of each image."""
    return generate(model, num_steps=num_steps, count=batch_size, engine=engine, threads=threads).seconds


def places(side: int, number: int) -> list[int]:
    """Pixels spread over an image."""
    return [round((one + 0.5) / number * side * side) for one in range(number)]


def uncached(model: Autoregressive, pixels: Sequence[int], batch_size: int, threads: int | None) -> float:
    """Mean seconds to draw one pixel of each image, in a call over all pixels before it that it may see."""
    seconds = []
    for pixel in pixels:
        session = ready(model, "uncached", batch_size, threads, [0] * pixel)
        noise = Philox([0] * batch_size, range(batch_size), [pixel] * batch_size, model.emission.num_uniforms)
        began = time.perf_counter()
        session.draw(noise, 1)
        seconds.append(time.perf_counter() - began)
    return statistics.mean(seconds)


def ready(model: Autoregressive, engine: str, batch_size: int, threads: int | None, prompt: Sequence[int]) -> Any:
    """A session after a prompt."""
    session = make_session(model, engine, threads)
    session.prime([torch.tensor(prompt, dtype=torch.int64)] * batch_size, Known(model, batch_size, {}, None))
    return session


def whole(model: Autoregressive, num_steps: int) -> float:
    """Seconds of one call over a whole image."""
    symbols = torch.zeros(1, num_steps, dtype=torch.int64)
    with inference(model):
        began = time.perf_counter()
        model.predict(symbols, Condition())
        return time.perf_counter() - began


def in_turn(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Medians of rounds in which the ways take turns, after one round to warm up."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            found[name].append(way())
    return {name: statistics.median(seconds[1:]) for name, seconds in found.items()}


def common(options: argparse.Namespace, model: Autoregressive, began: float) -> dict[str, Any]:
    """What all records say."""
    return {
        "model": f"{model.config.network.kind}, {model.num_parameters:,} parameters",
        "seconds": time.perf_counter() - began,
        "threads": options.threads,
        "results": options.results,
    }


if __name__ == "__main__":
    main()
