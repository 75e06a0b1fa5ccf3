"""Small networks that read a sequence."""

from typing import Any

TCN: dict[str, Any] = {"kind": "tcn", "channels": [4, 5, 3], "num_levels": 3, "embedding_channels": 3}
TRANSFORMER: dict[str, Any] = {"kind": "transformer", "num_layers": 1, "channels": 8, "num_heads": 2, "max_length": 40}
SHAPES: dict[str, dict[str, Any]] = {
    "wavenet": {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": 3, "residual_channels": 4},
    "bytenet": {"kind": "bytenet", "channels": 3, "num_cycles": 1, "layers_per_cycle": 2},
    "tcn": TCN,
    "tcn of 2 taps": {**TCN, "kernel_size": 2},
    "tcn of 7 taps": {**TCN, "kernel_size": 7},
    "lstm": {"kind": "rnn", "channels": 5},
    "recurrent attention": {"kind": "rnn_attention", "channels": 5, "max_length": 40},
    "transformer": TRANSFORMER,
    "tied transformer": {**TRANSFORMER, "tied": True},
    "transformer with a window": {**TRANSFORMER, "positions": "rotary", "window": 4, "max_length": None},
}
ALPHABET = {"kind": "characters", "characters": "abcdefg"}
