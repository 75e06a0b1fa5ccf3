"""Attention to a memory: torch's own module gives the same, and what is not seen does not matter."""

import torch
from torch import nn

from tests.contract import assert_close
from undertow.layers import MultiHeadAttention


def seen_of(lengths: list[int], num_steps: int) -> torch.Tensor:
    return torch.arange(num_steps) < torch.tensor(lengths)[:, None]


def test_it_is_torchs() -> None:
    torch.manual_seed(1)
    layer = MultiHeadAttention(8, 2, memory_channels=8).double()
    reference = nn.MultiheadAttention(8, 2, batch_first=True).double()
    with torch.no_grad():
        assert reference.in_proj_weight is not None and reference.in_proj_bias is not None
        reference.in_proj_weight.copy_(torch.cat([layer.query.weight, layer.keys_values.weight]))
        reference.in_proj_bias.copy_(torch.cat([layer.query.bias, layer.keys_values.bias]))
        reference.out_proj.load_state_dict(layer.output.state_dict())
    x, memory, seen = torch.randn(3, 5, 8).double(), torch.randn(3, 7, 8).double(), seen_of([7, 2, 4], 7)
    expected, weights = reference(x, memory, memory, key_padding_mask=~seen, average_attn_weights=False)
    read = layer.read(memory)
    assert_close(layer(x, **read, seen=seen), expected)
    assert_close(layer.weights(x, read["keys"], seen), weights)


def test_what_is_not_seen_does_not_matter() -> None:
    torch.manual_seed(1)
    layer, x, memory = MultiHeadAttention(4, 2, memory_channels=3), torch.randn(2, 5, 4), torch.randn(2, 6, 3)
    seen = seen_of([6, 4], 6)
    other = torch.where(seen[..., None], memory, 100.0)
    assert torch.equal(layer(x, **layer.read(memory), seen=seen), layer(x, **layer.read(other), seen=seen))
