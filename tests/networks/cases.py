"""Every network in small shapes, which the shared checks run over and its own tests begin from.

B batch, T time, C channels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from undertow.config import parse
from undertow.networks import (
    RNN,
    TCN,
    ByteNet,
    CausalConvs,
    DiagonalBiLSTMNetwork,
    GatedPixelCNN,
    Network,
    PixelCNN,
    PixelCNNpp,
    RNNAttention,
    RowLSTMNetwork,
    SampleRNN,
    Transformer,
    WaveNet,
)


def with_initial_states(module: Any) -> Any:
    """The module, its learned initial states no longer zero."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("initial"):
                parameter.normal_()
    return module


def loud(module: Any) -> Any:
    """The module with weights so large that every part of it can be heard."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.7)
    return module


@dataclass(frozen=True, kw_only=True)
class Case:
    """A network and its shapes.

    Attributes:
        small: config of a small one.
        shapes: what each of them changes in it.
        conditioned: shapes that are also tried with a condition.
        refused: keys with a value that the config may not have.
        num_steps: T, more than any receptive field there is one of.
        in_channels: C of an x of floats.
        prepare: what is done to a fresh network.
    """

    network: type[Any]
    small: dict[str, Any]
    shapes: dict[str, dict[str, Any]]
    conditioned: tuple[str, ...]
    refused: tuple[tuple[str, Any], ...] = ()
    num_steps: int = 40
    num_params: int = 6
    in_channels: int = 2
    prepare: Callable[[nn.Module], Any] = with_initial_states

    def make(self, condition_channels: int = 0, **changes: Any) -> Any:
        """A network of 7 symbols and the start symbol."""
        torch.manual_seed(1)
        config = parse(self.network.Config, {**self.small, **changes})
        network = self.network(config, 7, self.num_params, condition_channels, in_channels=self.in_channels)
        return self.prepare(network)

    def inputs(self, network: Network, num_steps: int | None = None) -> Tensor:
        """Three rows of random symbols (B, T), or of values (B, T, C) in float64."""
        size = (3, num_steps or self.num_steps)
        return torch.randint(0, 8, size) if network.takes_symbols else torch.randn(*size, self.in_channels).double()


CONTEXT = {"frame_size": 3, "num_layers": 2, "channels": 8, "gate_channels": 8, "out_channels": 3}
WINDOW = {"positions": "rotary", "max_length": None}

CASES = {
    "bytenet": Case(
        network=ByteNet,
        small={"channels": 3, "num_cycles": 1, "layers_per_cycle": 3, "dropout": 0.0},
        shapes={
            "multiplicative": {},
            "relu": {"block": "relu"},
            "two cycles": {"num_cycles": 2, "layers_per_cycle": 2},
            "kernel 2": {"kernel_size": 2, "num_cycles": 2},
            "kernel 4": {"kernel_size": 4, "layers_per_cycle": 2},
            "scalar": {"input": "scalar"},
        },
        conditioned=("multiplicative", "scalar"),
        refused=(
            ("kernel_size", 1),
            ("block", "gated"),
            ("num_cycles", 0),
            ("layers_per_cycle", 25),
            ("dropout", 1.0),
        ),
    ),
    "causal_convs": Case(
        network=CausalConvs,
        small={"num_layers": 2, "channels": 4},
        shapes={"embedding": {}, "scalar, kernel 2": {"input": "scalar", "kernel_size": 2, "num_layers": 3}},
        conditioned=("scalar, kernel 2",),
        refused=(("kernel_size", 1), ("num_layers", 0), ("dropout", 1.0)),
        num_steps=20,
    ),
    "diagonal_bilstm": Case(
        network=DiagonalBiLSTMNetwork,
        small={"shape": [5, 4, 1], "channels": 3, "num_layers": 1, "first_kernel_size": 3, "embedding_channels": 3},
        shapes={"scalar": {}, "embedding, two layers": {"input": "embedding", "num_layers": 2}},
        conditioned=("scalar",),
        refused=(("num_layers", 0), ("first_kernel_size", 4), ("kernel_size", 3)),
        num_steps=19,
        in_channels=1,
        prepare=loud,
    ),
    "gated_pixelcnn": Case(
        network=GatedPixelCNN,
        small={"shape": [8, 5, 1], "channels": 4, "num_layers": 3, "first_kernel_size": 3, "embedding_channels": 3},
        shapes={
            "scalar": {},
            "embedding, one layer": {"input": "embedding", "num_layers": 1, "first_kernel_size": 5},
            "colour": {"shape": [4, 5, 3], "num_layers": 2},
        },
        conditioned=("scalar",),
        refused=(("kernel_size", 4), ("num_layers", 0), ("shape", [4, 4, 2])),
        num_steps=47,
        in_channels=1,
        prepare=loud,
    ),
    "pixelcnn": Case(
        network=PixelCNN,
        small={"shape": [8, 5, 1], "channels": 6, "num_layers": 2, "first_kernel_size": 3, "embedding_channels": 3},
        shapes={
            "scalar": {},
            "embedding, one layer": {"input": "embedding", "kernel_size": 5, "num_layers": 1},
            "narrower than its kernels": {"shape": [20, 2, 1], "first_kernel_size": 7},
            "colour": {"shape": [4, 4, 3], "num_layers": 1},
        },
        conditioned=("scalar",),
        refused=(("kernel_size", 4), ("num_layers", 0), ("shape", [4, 4, 2])),
        num_steps=47,
        in_channels=1,
        prepare=loud,
    ),
    "pixelcnn_pp": Case(
        network=PixelCNNpp,
        small={"shape": [9, 2, 1], "channels": 2, "num_blocks": 1, "num_levels": 2, "embedding_channels": 3}
        | {"dropout": 0.0},
        shapes={"scalar": {}, "embedding, one level": {"input": "embedding", "num_levels": 1}},
        conditioned=("embedding, one level",),
        refused=(("num_blocks", 0), ("num_levels", 0), ("shape", [4, 4, 2]), ("dropout", 1.0)),
        num_steps=44,
        in_channels=1,
        prepare=loud,
    ),
    "rnn": Case(
        network=RNN,
        small={"channels": 5, "num_layers": 1, "embedding_channels": 4},
        shapes={
            "lstm": {},
            "gru": {"cell": "gru"},
            "rnn": {"cell": "rnn"},
            "two layers of lstm": {"num_layers": 2},
            "three layers of gru": {"cell": "gru", "num_layers": 3},
            "embedding as wide as the layers": {"embedding_channels": None},
            "scalar": {"input": "scalar"},
            "scalar gru": {"input": "scalar", "cell": "gru"},
        },
        conditioned=("lstm", "scalar"),
        refused=(("cell", "elman"), ("channels", 0), ("num_layers", 0), ("dropout", 1.0), ("hidden", 5)),
        num_steps=20,
    ),
    "rnn_attention": Case(
        network=RNNAttention,
        small={"channels": 5, "max_length": 24},
        shapes={
            "gru": {},
            "lstm": {"cell": "lstm"},
            "two layers of the plain cell": {"cell": "rnn", "num_layers": 2},
            "compared in another width": {"attention_channels": 3},
            "scalar": {"input": "scalar"},
        },
        conditioned=("gru",),
        refused=(("cell", "gated"), ("max_length", 0), ("dropout", 1.0), ("channel", 3)),
        num_steps=20,
    ),
    "row_lstm": Case(
        network=RowLSTMNetwork,
        small={"shape": [5, 4, 1], "channels": 3, "num_layers": 1, "first_kernel_size": 3, "embedding_channels": 3},
        shapes={"scalar": {}, "embedding, two layers": {"input": "embedding", "num_layers": 2}},
        conditioned=("scalar",),
        refused=(("num_layers", 0), ("first_kernel_size", 4), ("kernel_size", 3)),
        num_steps=19,
        in_channels=1,
        prepare=loud,
    ),
    "samplernn": Case(
        network=SampleRNN,
        small={"frame_sizes": [4, 2], "channels": 4, "embedding_channels": 3},
        shapes={
            "three tiers of gru": {},
            "two tiers of lstm, two layers": {"frame_sizes": [3], "cell": "lstm", "num_layers": 2, "window": 2},
            "scalar, frames of one, no weight norm": {"input": "scalar", "frame_sizes": [4, 1], "weight_norm": False},
        },
        conditioned=("three tiers of gru",),
        refused=(("cell", "rnn"), ("frame_sizes", []), ("frame_sizes", [8, 3]), ("frame_sizes", [2, 2]))
        + (("window", 0), ("num_layers", 0), ("frame_sizes", [0])),
        num_steps=10,
    ),
    "tcn": Case(
        network=TCN,
        small={
            "channels": 4,
            "num_levels": 2,
            "kernel_size": 3,
            "embedding_channels": 3,
            "dropout": 0.0,
            "embedding_dropout": 0.0,
        },
        shapes={
            "embedding": {},
            "kernel 2": {"kernel_size": 2, "num_levels": 4},
            "kernel 7": {"kernel_size": 7, "num_levels": 2},
            "a width for each level": {"channels": [4, 4, 3], "num_levels": 3},
            "no skip convolution at all": {"channels": 6, "embedding_channels": 6},
            "scalar": {"input": "scalar"},
        },
        conditioned=("embedding", "scalar"),
        refused=(("kernel_size", 1), ("channels", 0), ("channels", [5, 5]), ("num_levels", 25), ("dropout", -0.1)),
        num_steps=44,
    ),
    "transformer": Case(
        network=Transformer,
        small={"num_layers": 2, "channels": 4, "num_heads": 2, "feed_forward_channels": 6, "max_length": 40},
        shapes={
            "sinusoidal, pre-norm": {},
            "paper": {"norm_first": False, "activation": "relu"},
            "gpt-2": {"positions": "learned", "activation": "gelu_tanh", "tied": True},
            "rotary, rms, swiglu, no bias": {
                "positions": "rotary",
                "norm": "rms",
                "activation": "swiglu",
                "bias": False,
            },
            "one head": {"num_heads": 1, "positions": "rotary"},
            "tied": {"tied": True},
            "scalar": {"input": "scalar"},
            "scalar, learned, post-norm": {"input": "scalar", "positions": "learned", "norm_first": False},
            "window 2": {"window": 2, **WINDOW},
            "window 6": {"window": 6, **WINDOW},
            "window 4, three layers, tied": {"window": 4, "num_layers": 3, "tied": True, **WINDOW},
            "window and a longest length": {"window": 6, **WINDOW, "max_length": 64},
        },
        conditioned=("sinusoidal, pre-norm", "scalar", "window 6"),
        num_params=7,
        in_channels=1,
        prepare=loud,
    ),
    "wavenet": Case(
        network=WaveNet,
        small={
            "num_cycles": 1,
            "layers_per_cycle": 3,
            "residual_channels": 4,
            "gate_channels": 6,
            "skip_channels": 12,
        },
        shapes={
            "embedding": {},
            "two cycles": {"num_cycles": 2, "layers_per_cycle": 2},
            "kernel 3": {"kernel_size": 3, "layers_per_cycle": 2},
            "causal convolution of the embedding": {"input_kernel_size": 2},
            "scalar": {"input": "scalar"},
            "scalar, kernel 3": {"input": "scalar", "input_kernel_size": 3},
            "head of its own width": {"head_channels": 7},
            "context stack": {"context": CONTEXT},
            "context stack, scalar": {"context": CONTEXT, "input": "scalar", "input_kernel_size": 2},
            "context stack without pooling": {"context": {**CONTEXT, "frame_size": 1}},
        },
        conditioned=("embedding", "scalar", "context stack"),
        refused=(
            ("kernel_size", 1),
            ("gate_channels", 5),
            ("num_cycles", 0),
            ("input", "one-hot"),
            ("residual_chanels", 8),
            ("layers_per_cycle", 25),
            ("context", {"num_layers": 80}),
        ),
        in_channels=1,
    ),
}
