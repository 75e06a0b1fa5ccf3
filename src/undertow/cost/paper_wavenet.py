"""The model that speed is measured on: the "paper" WaveNet at 16 kHz, freshly initialised."""

from undertow.config import parse
from undertow.models.autoregressive import Autoregressive

SAMPLE_RATE = 16000
SHAPE = "30 layers in 3 cycles, k=2, 64/128/256/256, embedding input, mu-law 256"


def paper_model(**changes: int) -> Autoregressive:
    """The model; `changes` to the network's shape, as `layers_per_cycle=5`."""
    values = {
        "alphabet": {"kind": "mu_law"},
        "network": {"kind": "wavenet", **changes},
        "emission": {"kind": "categorical"},
        "sample_rate": SAMPLE_RATE,
    }
    return Autoregressive(parse(Autoregressive.Config, values))
