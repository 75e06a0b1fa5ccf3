"""Networks by name: layers that turn past symbols and a condition into parameters of the next symbol."""

from typing import Annotated, Any

from undertow.config import choice
from undertow.networks.bytenet import ByteNet
from undertow.networks.network import Network
from undertow.networks.rnn import RNN
from undertow.networks.rnn_attention import RNNAttention
from undertow.networks.tcn import TCN
from undertow.networks.transformer import Transformer
from undertow.networks.wavenet import WaveNet

NETWORKS = {
    "bytenet": ByteNet,
    "rnn": RNN,
    "rnn_attention": RNNAttention,
    "tcn": TCN,
    "transformer": Transformer,
    "wavenet": WaveNet,
}

NetworkConfig = Annotated[Any, choice(NETWORKS)]


def build(config: Any, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1) -> Network:
    """The network a config describes, for an alphabet, an emission and a conditioner of these sizes."""
    return NETWORKS[config.kind](config, num_symbols, num_params, condition_channels, in_channels)


__all__ = [
    "NETWORKS",
    "RNN",
    "TCN",
    "ByteNet",
    "Network",
    "NetworkConfig",
    "RNNAttention",
    "Transformer",
    "WaveNet",
    "build",
]
