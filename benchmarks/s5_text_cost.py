"""S5 for text: the cost of a cached step of each family as its sequence grows, timed in one run and counted.

Families at one width and depth, freshly initialised; the lengths and families take turns, on one thread.

    python -m benchmarks.s5_text_cost [--lengths 256 512 1024 2048] [--rounds 5] [--steps 16] [--results FOLDER]
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from benchmarks.record import RESULTS, record
from undertow.cost.growth_laws import BUILT
from undertow.cost.measuring import Costs, exponent, measure_costs
from undertow.cost.network_families import FAMILIES, family
from undertow.models import Autoregressive
from undertow.session.inference import inference
from undertow.state import clone

COUNTED_LENGTHS = (32, 64, 128, 256)  # counts are exact, so short lengths are enough
COUNTED = {
    "step_operations": "a step's operations",
    "training_operations": "training's",
    "training_bytes": "training's memory",
}


class Position:
    """A model that has read `length` bytes, and steps from there repeatedly."""

    def __init__(self, model: Autoregressive, length: int, num_steps: int) -> None:
        self.model, self.num_steps = model, num_steps
        symbols = torch.randint(0, 256, (1, length + num_steps))
        with inference(model):
            condition = model.condition({}, None, 1, 1)
            self.pending = symbols[:, -num_steps:]
            state = model.network.with_room(model.init_state(1, condition), length)
            state = model.network.prime(symbols[:, :length], state, condition)[1]
            self.state = model.network.with_room(state, length + num_steps)

    def seconds_per_step(self) -> float:
        """Of some steps from there on."""
        with inference(self.model):
            condition, state = self.model.condition({}, None, 1, 1), clone(self.state)
            began = time.perf_counter()
            for step in range(self.num_steps):
                _, state = self.model.step(self.pending[:, step : step + 1], state, condition)
            return (time.perf_counter() - began) / self.num_steps


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", default=list(FAMILIES))
    parser.add_argument("--lengths", type=int, nargs="+", default=[256, 512, 1024, 2048])
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--steps", type=int, default=16, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    began = time.perf_counter()
    times = measure(options)
    seconds = time.perf_counter() - began
    for name, found in times.items():
        build = partial(family, name, width=options.width, depth=options.depth)
        counted = measure_costs(name, build, COUNTED_LENGTHS)
        tell(name, found, counted, seconds, options)


def measure(options: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of a step by family, at each length: medians of the rounds after the first."""
    most = max(options.lengths) + options.steps
    models = {name: family(name, most, options.width, options.depth) for name in options.families}
    places = {
        name: [Position(model, length, options.steps) for length in options.lengths] for name, model in models.items()
    }
    rounds = [
        {name: [place.seconds_per_step() for place in found] for name, found in places.items()}
        for _ in range(options.rounds + 1)
    ][1:]
    return {
        name: [statistics.median(found) for found in zip(*(one[name] for one in rounds), strict=True)]
        for name in models
    }


def tell(name: str, times: Sequence[float], counted: Costs, seconds: float, options: argparse.Namespace) -> None:
    """Record one family's exponent of a cached step's time."""
    found = exponent(options.lengths, times)
    assert found is not None
    law = BUILT[counted.kind]["step_operations"]
    points = ", ".join(f"{length}: {1000 * one:.3g} ms" for length, one in zip(options.lengths, times, strict=True))
    grown = [f"{what} {_power(counted.exponent(key))}" for key, what in COUNTED.items()]
    record(
        "S5",
        f"{name}: exponent of a cached step's time in the length",
        found,
        "exponent",
        model=f"{options.depth} layers, {options.width} wide",
        seconds=seconds,
        threads=1,
        note=f"theory {law.formula} ({law.exponent:g}); torch; {points}; counted at {min(COUNTED_LENGTHS)} to "
        f"{max(COUNTED_LENGTHS)}: {', '.join(grown)}",
        results=options.results,
    )


def _power(slope: float | None) -> str:
    return "-" if slope is None else f"t^{round(slope, 2) + 0.0:.2f}"


if __name__ == "__main__":
    main()
