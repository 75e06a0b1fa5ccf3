"""The Transformer encoder–decoder against torch's own layers with the same weights, and where it looks at a source."""

import math
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.contract import assert_close
from undertow.config import parse
from undertow.layers import Dropout
from undertow.networks import ENCODER_DECODERS, InputShape
from undertow.networks.encoder_decoder import within

CHANNELS, HEADS, WIDTH, DROPOUT = 8, 2, 12, 0.25
SMALL = dict(encoder_layers=2, decoder_layers=3, channels=CHANNELS, num_heads=HEADS, feed_forward_channels=WIDTH)
SMALL |= dict(dropout=DROPOUT, max_length=16)
LENGTHS = torch.tensor([5, 9, 7])
UNNESTED = partial(nn.TransformerEncoder, enable_nested_tensor=False)
STACKED = {"self_attn": "attention", "multihead_attn": "source_attention"}  # names in torch's blocks, and in ours
SAME = {
    "self_attn.out_proj": "attention.output",
    "multihead_attn.out_proj": "source_attention.output",
    "linear1": "feed_forward.input",
    "linear2": "feed_forward.output",
    "norm1": "sums.0.norm",
    "norm2": "sums.1.norm",
    "norm3": "sums.2.norm",
}


def make(**changes: Any) -> Any:
    """Of 7 source and target symbols, the ends among them, in float64, no parameter at zero."""
    torch.manual_seed(1)
    config = parse(ENCODER_DECODERS["transformer"].Config, {**SMALL, **changes})
    made = ENCODER_DECODERS["transformer"](config, InputShape(num_symbols=6), InputShape(num_symbols=7), 7).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) / 3)
    return made


def pairs() -> tuple[Tensor, Tensor]:
    """Symbols of sources (3, 9) and of targets (3, 6), a start symbol before them."""
    torch.manual_seed(2)
    return torch.randint(0, 7, (3, 9)), torch.cat([torch.full((3, 1), 7), torch.randint(0, 7, (3, 5))], dim=1)


def torchs(own: Any, layer: type[nn.Module], stack: Any) -> Any:
    """Torch's stack of blocks with the weights of one of our halves, and no dropout but where ours has it."""
    norm_first = own.config.norm_first
    block = layer(CHANNELS, HEADS, WIDTH, DROPOUT, batch_first=True, norm_first=norm_first)
    made = stack(block, len(own.blocks), own.norm if norm_first else None).double()
    for one, ours in zip(made.layers, own.blocks, strict=True):
        parts = dict(one.named_modules())
        for name in parts.keys() & SAME.keys():
            parts[name].load_state_dict(ours.get_submodule(SAME[name]).state_dict())
        for name in parts.keys() & STACKED.keys():
            stack_in(parts[name], ours.get_submodule(STACKED[name]))
        one.dropout.p = 0.0  # within the feed-forward network
    return made


def stack_in(torchs: Any, own: nn.Module) -> None:
    """Weights of queries, keys and values, of which torch has one matrix."""
    parts: list[Any] = [module for name, module in own.named_children() if name != "output"]
    torchs.in_proj_weight.data = torch.cat([part.weight for part in parts]).detach()
    torchs.in_proj_bias.data = torch.cat([part.bias for part in parts]).detach()


def placed(embedded: Tensor, kept: float) -> Tensor:
    """Embeddings (B, T, C) as they enter the first block, with waves that the network keeps in float32."""
    waves = torch.empty(embedded.shape[1:])
    for position in range(embedded.shape[1]):
        for pair in range(CHANNELS // 2):
            angle = position / 10_000 ** (2 * pair / CHANNELS)
            waves[position, 2 * pair], waves[position, 2 * pair + 1] = math.sin(angle), math.cos(angle)
    return kept * (math.sqrt(CHANNELS) * embedded + waves)


def fade_in_place_of_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that dropout may hide is smaller by its share, in both implementations, and nothing is random."""
    attend = F.scaled_dot_product_attention

    def faded(query: Tensor, keys: Tensor, values: Tensor, mask: Any = None, p: float = 0.0, *rest: Any, **more: Any):
        p = more.pop("dropout_p", p)
        return (1 - p) * attend(query, keys, values, mask, 0.0, *rest, **more)

    monkeypatch.setattr(F, "scaled_dot_product_attention", faded)
    for kind in (Dropout, nn.Dropout):
        monkeypatch.setattr(kind, "forward", lambda self, x: (1 - self.p) * x if self.training else x)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("embeddings", ["separate", "tied", "shared"])
@pytest.mark.parametrize("norm_first", [False, True])
def test_it_is_torchs(norm_first: bool, embeddings: str, training: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    made, (x, y) = make(norm_first=norm_first, embeddings=embeddings).train(training), pairs()
    fade_in_place_of_dropout(monkeypatch)
    kept = 1 - DROPOUT if training else 1.0
    encoder = torchs(made.encoder, nn.TransformerEncoderLayer, UNNESTED).train(training)
    decoder = torchs(made.decoder, nn.TransformerDecoderLayer, nn.TransformerDecoder).train(training)
    sources, targets = (half.input.symbols.table.weight for half in (made.encoder, made.decoder))
    padding, later = ~within(LENGTHS, 9), torch.ones(6, 6).triu(1).bool()
    memory = encoder(placed(sources[x], kept), src_key_padding_mask=padding)
    found = decoder(placed(targets[y], kept), memory, tgt_mask=later, memory_key_padding_mask=padding)
    expected = found @ (made.decoder.head.weight if embeddings == "separate" else targets[:7]).T
    torch.testing.assert_close(made.decoder(y, made.encode(x, LENGTHS)), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("embeddings", "tables", "heads"), [("separate", 2, 1), ("tied", 2, 0), ("shared", 1, 0)])
def test_what_is_one_matrix_is_there_once(embeddings: str, tables: int, heads: int) -> None:
    made = make(embeddings=embeddings)
    assert sum(isinstance(module, nn.Embedding) for module in made.modules()) == tables
    assert len(list(made.decoder.head.parameters())) == heads


@pytest.mark.parametrize("norm_first", [False, True])
def test_weights_are_those_that_values_are_summed_by(norm_first: bool) -> None:
    made, (x, y), calls = make(norm_first=norm_first).eval(), pairs(), []
    for block in made.decoder.blocks:
        block.source_attention.register_forward_hook(lambda *call: calls.append(call), with_kwargs=True)
    condition = made.encode(x, LENGTHS)
    made.decoder(y, condition)
    attended = list(calls)
    weights = made.decoder.attention_to_source(y, condition)
    for own, (layer, _, given, found) in zip(weights, attended, strict=True):
        summed = torch.einsum("bhts,bshd->bthd", own, given["values"])
        assert_close(layer.output(summed.flatten(2)), found)


def test_alignment_is_the_last_blocks_over_all_heads() -> None:
    made, (x, y) = make().eval(), pairs()
    condition = made.encode(x, LENGTHS)
    last = made.decoder.attention_to_source(y, condition)[-1]
    assert last.shape == (3, HEADS, 6, 9)
    assert_close(made.alignment(y, condition), (last[:, 0] + last[:, 1]) / 2)
