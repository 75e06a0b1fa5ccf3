"""A small WaveNet on mel frames of 10 ms, of two speakers."""

from tests.generation.models import NETWORK
from tests.generation.symbol_models import make
from undertow.models.autoregressive import Autoregressive

RATE, HOP, BANDS = 8000, 80, 12
MEL = dict(kind="mel", sample_rate=RATE, hop_length=HOP, window_length=160, fft_size=256, num_channels=BANDS)
FRAMES = dict(kind="frames", sample_rate=RATE, hop_length=HOP, num_channels=BANDS)


def vocoder(kind: str = "mel") -> Autoregressive:
    """The model, with random weights, in float32."""
    features = MEL if kind == "mel" else FRAMES
    upsampling = dict(channels=4, kind="repeat", kernel_size=2, look_ahead=1)
    conditioner = dict(labels={"speaker": ["theo", "lucas"]}, features=features, upsampling=upsampling)
    return make(
        dict(
            sample_rate=RATE,
            alphabet=dict(kind="mu_law", num_levels=16),
            network=dict(NETWORK, layers_per_cycle=9),
            emission=dict(kind="categorical"),
            conditioner=conditioner,
        )
    ).float()
