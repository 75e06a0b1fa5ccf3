"""A model that encodes with two plain convolutions and draws with a small WaveNet, for tests of reconstruction."""

from tests.generation.models import NETWORK
from tests.generation.symbol_models import make
from tests.representation.listener import CHANNELS, HOP, RATE, Listener

SPEAKERS = ["theo", "lucas"]


class Echo(Listener):
    """Its latents are the rounded frames of `Listener`; its decoder knows two speakers, or other labels."""

    abilities = frozenset({"represent", "reconstruct"})

    def __init__(self, labels: dict[str, list[str]] | None = None) -> None:
        super().__init__()
        frames = dict(kind="frames", sample_rate=RATE, hop_length=HOP, num_channels=CHANNELS)
        conditioner = dict(
            labels=labels or {"speaker": SPEAKERS}, features=frames, upsampling=dict(channels=4, kind="repeat")
        )
        self.decoder = make(
            dict(
                sample_rate=RATE,
                alphabet=dict(kind="mu_law", num_levels=16),
                network=dict(NETWORK, layers_per_cycle=9),
                emission=dict(kind="categorical"),
                conditioner=conditioner,
            )
        ).float()
