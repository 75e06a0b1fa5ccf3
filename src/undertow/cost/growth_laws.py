"""What theory says of a network's cost as its sequence grows: the textbook's table, and what is built here.

t length, d layers, k width, n taps of a convolution.

The table that textbooks and papers give (test operations are those of t steps; a step has one t less):

|                 | training ops | training memory | test ops | test memory | sequential ops | max path |
|-----------------|--------------|-----------------|----------|-------------|----------------|----------|
| RNN             | t·k²·d       | t·k·d           | t·k²·d   | k·d         | t              | t        |
| RNN + attention | t²·k²·d      | t²·k·d          | t²·k²·d  | t·k·d       | t              | 1        |
| Transformer     | t²·k·d       | t·k·d           | t²·k·d   | t·k·d       | d              | 1        |

Its RNN + attention computes the keys U·h anew for every query; its Transformer is without the products with weights.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Law:
    """How a quantity grows.

    Attributes:
        formula: in t, d, k and n, up to a factor.
        exponent: of t as it goes to infinity; 0 for a logarithm.
    """

    formula: str
    exponent: float


def _laws(training: str, memory: str, step: str, state: str, sequential: str, path: str) -> dict[str, Law]:
    formulas = {
        "training_operations": training,
        "training_bytes": memory,
        "step_operations": step,
        "state_bytes": state,
        "sequential_operations": sequential,
        "longest_path": path,
    }
    return {quantity: Law(formula, _exponent(formula)) for quantity, formula in formulas.items()}


def _exponent(formula: str) -> float:
    """The largest power of t in a sum of products."""
    factors = [term.strip().split("·") for term in formula.split("+")]
    return float(max(2 if "t²" in term else int("t" in term) for term in factors))


TEXTBOOK = {
    "rnn": _laws("t·k²·d", "t·k·d", "k²·d", "k·d", "t", "t"),
    "rnn_attention": _laws("t²·k²·d", "t²·k·d", "t·k²·d", "t·k·d", "t", "1"),
    "transformer": _laws("t²·k·d", "t·k·d", "t·k·d", "t·k·d", "d", "1"),
}

_CONVOLUTION = _laws("t·k²·d·n", "t·k·d", "k²·d·n", "k·Σ dilation·(n-1)", "d", "log t")

BUILT = {
    "rnn": _laws("t·k²·d", "t·k·d", "k²·d", "k·d", "t·d", "t"),
    "rnn_attention": _laws("t·k²·d + t²·k", "t·k·d + t²·k", "k²·d + t·k", "t·k + k·d", "t·d", "1"),
    "samplernn": _laws("t·k²·d", "t·k·d", "k²·d", "k·d", "t·d", "t"),
    "transformer": _laws("t·k²·d + t²·k·d", "t·k·d", "k²·d + t·k·d", "t·k·d", "d", "1"),
    "bytenet": _CONVOLUTION,
    "tcn": _CONVOLUTION,
    "wavenet": _CONVOLUTION,
}

NOTES = {
    "rnn": "layer after layer, as torch runs them: t·d in a row; all layers abreast would be t + d",
    "rnn_attention": "U·h is computed once a step and kept, and attention reads the last layer alone",
    "samplernn": (
        "its layers run once in a frame of P steps, one after another: t·d/P in a row, and a path of t/P; "
        "the sample tier's window is as large at any t"
    ),
    "transformer": (
        "t²·k·d is the attention; the rest are products with weights, more than it while t < 6 k or so; "
        "the state of a model whose capacity is fixed does not grow, nor do a step's operations beyond a window"
    ),
    "bytenet": "operations and state of a step do not grow with t; to see further takes more layers, as log t",
    "tcn": (
        "operations and state of a step do not grow with t; to see further takes more layers, as log t; "
        "training keeps its normed weights too, as many at any t"
    ),
    "wavenet": "operations and state of a step do not grow with t; to see further takes more layers, as log t",
}
