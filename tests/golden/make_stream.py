"""Made `stream.txt`, once: `python -m tests.golden.make_stream`.

What Python draws from `int8-categorical.engine`, a symbol and its sample a line: the C++ face draws the same.
"""

from pathlib import Path

from tests.golden.make_int8 import KINDS, path_of
from tests.native.models import make
from undertow.generation import generate

STREAM = Path(__file__).parent / "stream.txt"
STEPS = 300


def lines() -> list[str]:
    """The first steps of the speaker theo with the seed 7."""
    model = make(KINDS["categorical"])
    model.engine_file = path_of("categorical").read_bytes()
    made = generate(model, num_steps=STEPS, seed=7, labels={"speaker": "theo"}, engine="native", threads=1)
    return [f"{symbol} {sample:.9g}" for symbol, sample in zip(made.symbols[0], made.real[0], strict=True)]


if __name__ == "__main__":
    STREAM.write_text("\n".join(lines()) + "\n", encoding="ascii")
