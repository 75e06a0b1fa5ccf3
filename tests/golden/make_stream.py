"""Made `stream.txt` and `effect.engine`, once: `python -m tests.golden.make_stream`.

What Python draws from `int8-categorical.engine`, a symbol and its sample a line: the C++ face draws the same. And a
model that maps floats to floats, for the example that processes sound in blocks.
"""

from pathlib import Path

import torch

from tests.golden.make_int8 import KINDS, path_of
from tests.native.models import make
from undertow.config import parse
from undertow.generation import generate
from undertow.models import Regressor
from undertow.native import lower, to_bytes

EFFECT = Path(__file__).parent / "effect.engine"
STREAM = Path(__file__).parent / "stream.txt"
STEPS = 300


def lines() -> list[str]:
    """The first steps of the speaker theo with the seed 7."""
    model = make(KINDS["categorical"])
    model.engine_file = path_of("categorical").read_bytes()
    made = generate(model, num_steps=STEPS, seed=7, labels={"speaker": "theo"}, engine="native", threads=1)
    return [f"{symbol} {sample:.9g}" for symbol, sample in zip(made.symbols[0], made.real[0], strict=True)]


def effect() -> bytes:
    """A small network that reads and gives one float a step, 8,000 times a second."""
    torch.manual_seed(1)
    network = dict(kind="tcn", channels=8, num_levels=4, input="scalar")
    values = dict(kind="regressor", alphabet=dict(kind="numbers"), network=network, label="y", sample_rate=8000)
    return to_bytes(lower(Regressor(parse(Regressor.Config, values)).eval()).graph)


if __name__ == "__main__":
    EFFECT.write_bytes(effect())
    STREAM.write_text("\n".join(lines()) + "\n", encoding="ascii")
