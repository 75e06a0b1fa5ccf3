"""Made `int8-*.engine` and `int8.json`, once: `python -m tests.golden.make_int8`.

They stand for every exported model that is out in the world, and for what it must say on every machine, bit for bit:
files coded with such a model on one are decoded on another.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.generation.models import NETWORK
from tests.native.models import CONTEXT, make
from undertow.native import lower, make_engine, make_program, to_bytes
from undertow.native.quantise import quantise, quantised_values

GOLDEN = Path(__file__).parent
NUMBERS = GOLDEN / "int8.json"
ROWS, STEPS = 3, 200
CONDITIONER = {"labels": {"speaker": ["theo", "lucas"]}, "label_channels": 5}
KINDS: dict[str, dict[str, Any]] = {
    "categorical": {
        "network": dict(NETWORK, kernel_size=3, input_kernel_size=2, context=CONTEXT),
        "conditioner": CONDITIONER,
        "sample_rate": 100,
    },
    "mixture_of_logistics": {"network": dict(NETWORK, input="scalar"), "conditioner": CONDITIONER},
}


def path_of(kind: str) -> Path:
    """The engine file of an emission's model."""
    return GOLDEN / f"int8-{kind}.engine"


def numbers(file: bytes, isa: str = "auto") -> dict[str, Any]:
    """What a model says of symbols that are all over its alphabet, and what it then draws."""
    program = make_program(file, isa)
    engine = make_engine(program, ROWS, 1)
    step = np.arange(ROWS * STEPS).reshape(ROWS, STEPS)
    symbols = step * step % program.num_symbols
    condition = ((step[:, :1] + np.arange(program.condition_channels)) % 5 / 4 - 0.5).astype(np.float32)[:, None]
    params = np.empty((ROWS, STEPS, program.num_params), np.float32)
    engine.feed(symbols, condition, params)
    drawn = np.empty((ROWS, STEPS), np.int64)
    engine.run(drawn, condition, keys=np.array([[7, row, 0] for row in range(ROWS)]))
    return {"params": hashlib.sha256(params.astype("<f4").tobytes()).hexdigest(), "drawn": drawn.tolist()}


def main() -> None:
    found = {}
    for kind, config in KINDS.items():
        plain = lower(make({**config, "emission": {"kind": kind}})).graph
        random = np.random.default_rng(1)
        values = quantised_values(plain)
        ranges = {one: random.uniform(0.5, 2, plain.values[one].channels).astype(np.float32) for one in values}
        path_of(kind).write_bytes(to_bytes(quantise(plain, ranges)))
        found[kind] = numbers(path_of(kind).read_bytes())
    NUMBERS.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
