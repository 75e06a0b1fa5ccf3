"""ByteNet as a translator: its columns, the decoder upon them, and its blocks as published."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.contract import assert_close
from tests.networks.plain_bytenet import convolve, normed, shaken
from tests.refusals import refuses
from undertow.batch import Condition
from undertow.errors import UsageError
from undertow.networks import InputShape, Seq2SeqByteNet
from undertow.networks.seq2seq_bytenet import EncoderBlock

SYMBOLS = InputShape(num_symbols=6)


def config(**changes: Any) -> Seq2SeqByteNet.Config:
    small = dict(channels=3, encoder_cycles=2, decoder_cycles=2, layers_per_cycle=2)
    return Seq2SeqByteNet.Config(**{**small, **changes})


def make(**changes: Any) -> Seq2SeqByteNet:
    torch.manual_seed(1)
    return shaken(Seq2SeqByteNet(config(**changes), SYMBOLS, InputShape(num_symbols=7), 7).eval())


def encoded(made: Seq2SeqByteNet, lengths: Tensor) -> Condition:
    torch.manual_seed(2)
    with torch.no_grad():
        return made.encode(torch.randint(0, 7, (len(lengths), int(lengths.max()))), lengths)


@pytest.mark.parametrize(
    ("ratio", "offset", "expected"),
    [
        (1.2, 0.0, [2, 6, 12, 14]),  # 1.2 · 5 = 6 and 1.2 · 10 = 12, no more
        (1.1, 0.0, [2, 6, 11, 13]),  # 1.1 · 10 is 11.000000000000002
        (1.0, 3.5, [5, 9, 14, 15]),
        (0.5, 1.0, [2, 5, 10, 11]),  # never less than the source has
        (2.0, -4.0, [1, 6, 16, 18]),
    ],
)
def test_number_of_columns(ratio: float, offset: float, expected: list[int]) -> None:
    made = make(length_ratio=ratio, length_offset=offset)
    condition = encoded(made, torch.tensor([1, 5, 10, 11]))
    assert condition.memory_lengths.tolist() == expected
    assert condition.memory.shape == (4, max(expected), 6)


def test_columns_end_where_the_row_does() -> None:
    condition = encoded(make(length_offset=3.0), torch.tensor([9, 4, 6]))
    written = condition.memory.abs().sum(dim=-1) > 0
    assert torch.equal(written, torch.arange(14) < condition.memory_lengths[:, None])


def test_columns_behind_the_source_are_encoded() -> None:
    """They know of the source within the encoder's field, and their number changes the columns before them."""
    made, lengths = make(length_ratio=1.0, length_offset=4.0), torch.tensor([5])
    made.encoder.input.symbols.table.weight.requires_grad_(False)
    x = torch.randn(1, 5, 6).double().requires_grad_()
    made.encoder.input.register_forward_hook(lambda *_: x)
    memory, columns = made.encoder(torch.zeros(1, 5, dtype=torch.int64), lengths)
    assert columns.tolist() == [9]
    reach = 6  # two cycles of dilations 1 and 2, to each side
    for column in range(9):
        (gradient,) = torch.autograd.grad(memory[0, column].sum(), x, retain_graph=True)
        seen = (torch.arange(5) - column).abs() <= reach
        assert torch.equal(gradient[0].abs().sum(dim=-1) > 0, seen)
    shorter = make(length_ratio=1.0, length_offset=2.0)
    shorter.encoder.input.register_forward_hook(lambda *_: x)
    fewer, _ = shorter.encoder(torch.zeros(1, 5, dtype=torch.int64), lengths)
    assert fewer.shape[1] == 7 and not torch.allclose(fewer[0, 4], memory[0, 4])


def test_a_step_has_its_own_column() -> None:
    """At step t the decoder is given column t; what it says depends on no later one, and on none beyond |t̂|."""
    made, lengths = make(length_ratio=1.0), torch.tensor([5])
    condition, y = encoded(made, lengths), torch.randint(0, 7, (1, 12))
    memory = condition.memory.clone().requires_grad_()
    params = made.decoder(y, condition._replace(memory=memory))
    for step in range(12):
        (gradient,) = torch.autograd.grad(params[0, step].sum(), memory, retain_graph=True)
        seen = (torch.arange(5) <= step) & (torch.arange(5) > step - made.decoder.receptive_field)
        assert torch.equal(gradient[0].abs().sum(dim=-1) > 0, seen)
    h = made.decoder.input.symbols.table(y) + F.pad(memory, (0, 0, 0, 7))
    for block in made.decoder.stack.layers:
        h = block(h)
    assert_close(params, made.decoder.head(h))


def test_writing_goes_on_past_the_columns() -> None:
    """Step by step, the row with fewer columns too, and the same whatever a state's rows are padded with."""
    made, lengths = make(length_ratio=1.0), torch.tensor([3, 8])
    condition, y = encoded(made, lengths), torch.randint(0, 7, (2, 30))
    padding = torch.full((2, 5, 6), 9.0).double()
    longer = condition._replace(memory=torch.cat([condition.memory, padding], dim=1))
    with torch.no_grad():
        whole = made.decoder(y, condition)
        assert_close(made.decoder(y, longer), whole)
        state = made.decoder.init_state(2, longer)
        for step in range(30):
            params, state = made.decoder.step(y[:, [step]], state, Condition())
            assert_close(params[:, 0], whole[:, step])
    assert state["position"].tolist() == [30, 30]


def test_the_encoders_block_is_the_published_one_unmasked() -> None:
    torch.manual_seed(1)
    block, x = shaken(EncoderBlock(config(kernel_size=3), dilation=2)), torch.randn(2, 14, 6).double()
    seen = (torch.arange(14) < torch.tensor([14, 9])[:, None])[..., None]
    h = convolve(block.reduce.conv, normed(block.reduce.norm, x).relu())
    h = F.pad(normed(block.dilated.norm, h).relu() * seen, (0, 0, 2, 2))
    kernel = block.dilated.conv.weight  # (O, k, C)
    h = sum(h[:, 2 * tap : 2 * tap + 14] @ kernel[:, tap].T for tap in range(3)) + block.dilated.conv.bias
    expected = x + convolve(block.expand.conv, normed(block.expand.norm, h).relu())
    torch.testing.assert_close(block(x, seen), expected)


def test_dropout_is_where_the_config_says() -> None:
    made, lengths = make(dropout=0.0, block_dropout=0.0).train(), torch.tensor([6])
    source, y = torch.randint(0, 7, (1, 6)), torch.randint(0, 7, (1, 6))

    def differ(made: Seq2SeqByteNet) -> tuple[bool, bool]:
        first, second = (made.encode(source, lengths) for _ in range(2))
        again = made.decoder(y, first), made.decoder(y, first)
        return not torch.equal(first.memory, second.memory), not torch.equal(*again)

    assert differ(made) == (False, False)
    assert differ(make(dropout=0.3, block_dropout=0.0).train()) == (False, True)
    assert differ(make(dropout=0.0, block_dropout=0.3).train()) == (True, True)


def test_an_even_kernel_is_refused() -> None:
    with refuses(UsageError, "kernel_size", 4, "odd"):
        config(kernel_size=4)


def test_published_shape() -> None:
    """30 and 30 blocks on a stream of 2d = 1600."""
    with torch.device("meta"):
        made = Seq2SeqByteNet(Seq2SeqByteNet.Config(), InputShape(num_symbols=300), InputShape(num_symbols=301), 301)
    assert len(made.encoder.blocks) == len(made.decoder.stack.layers) == 30
    assert made.decoder.receptive_field == 373
    d = 800
    block = 4 * d + 2 * d * d + d + 2 * d + 3 * d * d + d + 2 * d + 2 * d * d + 2 * d
    head = (2 * d) ** 2 + 2 * d + 2 * d * 301 + 301
    tables = 301 * 2 * d + 302 * 2 * d
    assert sum(p.numel() for p in made.parameters()) == 60 * block + head + tables
