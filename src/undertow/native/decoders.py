"""The decoders of encoder–decoders as the engine's ops; each begins with what its input layer makes of the symbols."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from undertow.native.builder import Builder, Values
from undertow.native.convolutions import linear
from undertow.native.format import Activation
from undertow.native.recurrent import lower_recurrent
from undertow.native.transformer import feed_forward, leave, self_attention, torch_norm
from undertow.networks.seq2seq_rnn_attention import AttentiveDecoder
from undertow.networks.seq2seq_transformer import TransformerDecoder

Branch = Callable[[Values, int], Values]  # of what it reads, and the value that it is added to


def transformer_decoder(build: Builder, network: TransformerDecoder, x: Values) -> Values:
    """The parameters of the next symbol; "blocks.N" are the parts of the memory."""
    entrance: Any = network.entrance
    keeper = build.modules[network.blocks[0].attention]
    (value,), positions = x, entrance.positions
    x = (build.position(build.modules[positions], positions.table, entrance.scale, value, keeper),)
    for number, block in enumerate(network.blocks):
        x = _decoder_block(build, block, x, f"blocks.{number}")
    return leave(build, network, network.table.weight if network.tied else None, x)


def _decoder_block(build: Builder, block: Any, x: Values, memory: str) -> Values:
    def to_source(read: Values, add: int) -> Values:
        layer = block.source_attention
        (query,) = linear(build, layer.query, read)
        seen = build.attend(build.modules[layer], query, layer.num_heads, memory)
        return linear(build, layer.output, (seen,), add=add)

    branches: list[Branch] = [
        lambda read, add: self_attention(build, block.attention, read, (), add),
        to_source,
        lambda read, add: feed_forward(build, block.feed_forward, read, add),
    ]
    for one, branch in zip(block.sums, branches, strict=True):
        if one.norm_first:
            x = branch(torch_norm(build, one.norm, x), *x)
        else:
            x = torch_norm(build, one.norm, branch(x, *x))
    return x


def attentive_decoder(build: Builder, network: AttentiveDecoder, x: Values) -> Values:
    """The parameters of the next symbol: a cell attends by its last state, and its loop has all of that."""
    cell: Any = network.attentive
    name, of_state = build.modules[cell], build.modules[cell.of_state]
    (given,) = linear(build, cell.of_input, x)
    last = build.previous(f"{name}.hidden", cell.channels)
    widths = [cell.channels, build.channels(given)]
    query_weight, weight = cell.of_state.weight.split(widths)
    query_bias, bias = cell.of_state.bias.split(widths)
    query = build.conv(f"{of_state}.query", query_weight[:, None], query_bias, (last,))
    seen = build.compare(name, query, cell.vector, 2 * cell.channels)
    (given,) = linear(build, cell.of_context, (seen,), add=given)
    if "cell" in cell.states:
        made = build.lstm(f"{name}.cell", build.conv(of_state, weight[:, None], bias, (last,), add=given))
    else:
        made = build.gru(name, given, build.conv(of_state, weight[:, None], bias, (last,)), last)
    build.repeat(last, made)
    states: Values = (made,)
    if network.upper is not None:
        states = lower_recurrent(build, network.upper, states)
    return linear(build, network.head, _largest_of_pairs(build, network.hidden, (*states, *x, seen)))


def _largest_of_pairs(build: Builder, layer: nn.Linear, x: Values) -> Values:
    """The first of every pair of channels, then the second, as the engine wants them."""
    weight, bias = (torch.cat([part[0::2], part[1::2]]) for part in (layer.weight, layer.bias))
    return (build.conv(build.modules[layer], weight[:, None], bias, x, activation=Activation.MAXOUT),)
