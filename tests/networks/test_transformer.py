"""The facts of the Transformer that its papers and its users rely on."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.contract import assert_close, check_network
from tests.generation.symbol_models import FAMILIES
from tests.networks.cases import CASES, WINDOW
from tests.session.rows import drawn
from undertow import state as states
from undertow.batch import Condition
from undertow.config import parse
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.layers.positions import Sinusoidal
from undertow.models import Autoregressive
from undertow.networks import Transformer
from undertow.session.torch_session import MORE_ROOM

CASE = CASES["transformer"]
make, inputs = CASE.make, CASE.inputs


def test_values_of_several_channels(tmp_path: Path) -> None:
    torch.manual_seed(3)
    config = parse(Transformer.Config, {**CASE.small, "input": "scalar"})
    check_network(Transformer(config, 0, 5, in_channels=3), torch.randn(3, 40, 3).double(), tmp_path)


@pytest.mark.parametrize("name", CASE.shapes)
def test_attention_weights_are_those_of_every_layer(name: str) -> None:
    network = make(**CASE.shapes[name]).double()
    x = inputs(network, num_steps=12)
    weights = network.attention_weights(x, Condition())
    assert len(weights) == network.config.num_layers
    for one in weights:
        assert one.shape == (3, network.config.num_heads, 12, 12)
        assert_close(one.sum(dim=-1), torch.ones_like(one[..., 0]))
        assert torch.equal(one, one.tril())
    assert not torch.allclose(weights[0], weights[1])


def test_equals_the_librarys_encoder_under_a_causal_mask() -> None:
    """Post-norm and ReLU as in the paper: `torch.nn.TransformerEncoder` with the same weights gives the same."""
    network = make(**CASE.shapes["paper"]).double()
    layer = torch.nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True).double()
    reference = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    with torch.no_grad():
        for theirs, ours in zip(reference.layers, network.blocks, strict=True):
            pairs = [(theirs.self_attn.in_proj_weight, ours.attention.inputs.weight)]
            pairs += [(theirs.self_attn.in_proj_bias, ours.attention.inputs.bias)]
            modules = [(theirs.self_attn.out_proj, ours.attention.output), (theirs.linear1, ours.feed_forward.input)]
            modules += [(theirs.linear2, ours.feed_forward.output), (theirs.norm1, ours.attention_norm)]
            modules += [(theirs.norm2, ours.feed_forward_norm)]
            pairs += [(getattr(a, part), getattr(b, part)) for a, b in modules for part in ("weight", "bias")]
            for target, source in pairs:
                target.copy_(source)
    x = inputs(network)
    embedded = network.input.symbols.table(x) * 2 + Sinusoidal(40, 4)(torch.arange(40)).double()
    mask = torch.nn.Transformer.generate_square_subsequent_mask(40).double()
    assert_close(network(x, Condition()), network.head(reference(embedded, mask=mask)))


@pytest.mark.parametrize(("window", "num_layers", "field"), [(2, 1, 2), (16, 4, 61), (256, 6, 1531)])
def test_receptive_field_of_a_window(window: int, num_layers: int, field: int) -> None:
    assert make(window=window, **{**WINDOW, "num_layers": num_layers}).receptive_field == field
    assert make().receptive_field is None


@pytest.mark.parametrize("position", [1, 1000, 10**7])
def test_rotary_positions_are_relative(position: int) -> None:
    """A stream with a window goes on at any position as it would have begun: a state is moved, its numbers stay."""
    network = make(window=4, **WINDOW).double()
    x = inputs(network, num_steps=20)
    with torch.no_grad():
        expected = network(x, Condition())[:, 8:]
        moved = network.init_state(3, Condition())
        for block in moved["blocks"].values():
            block["attention"]["position"] += 3 * position
        y = network.step(x, moved, Condition())[0][:, 8:]  # beyond what sees the entries that are not there
    torch.testing.assert_close(y, expected, rtol=1e-6, atol=1e-6)


def test_max_length_is_stated_and_enforced() -> None:
    network = make(max_length=10)
    assert network.max_length == 10
    x = torch.zeros(2, 11, dtype=torch.int64)
    message = "11 inputs are more than this network holds: its max_length is 10"
    with pytest.raises(UsageError, match=message):
        network(x, Condition())
    network(x[:, :10], Condition())
    assert make(window=3, **WINDOW).max_length is None


def test_tied_output_is_the_embedding_without_the_start_symbol() -> None:
    network = make(tied=True).double()
    x = inputs(network)
    untied = make().double()
    untied.load_state_dict({**network.state_dict(), "head.weight": network.input.symbols.table.weight[:7]})
    assert torch.equal(untied(x, Condition()), network(x, Condition()))
    assert not list(network.output.parameters()) and list(untied.output.parameters())
    other = Transformer(parse(Transformer.Config, {**CASE.small, "tied": True}), num_symbols=7, num_params=3)
    assert other(x, Condition()).shape == (3, 40, 3) and other.output.weight.shape == (3, 4)


def test_fresh_weights_are_gpt2s() -> None:
    config = Transformer.Config(num_layers=8, channels=64, num_heads=4, positions="learned", max_length=64)
    network = Transformer(config, 100, 100)
    assert network.input.symbols.table.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert network.blocks[3].attention.inputs.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert network.blocks[3].feed_forward.output.weight.std().item() == pytest.approx(0.005, rel=0.1)
    assert network.blocks[3].feed_forward.output.bias.abs().max().item() == 0
    logits = network(torch.randint(0, 100, (4, 64)), Condition())
    assert logits.softmax(dim=-1).max().item() < 0.05  # nearly uniform before training: ln 100 nats


def test_gpt2_has_its_published_size() -> None:
    """124 M parameters; the start symbol has a row of its own beside them."""
    config = Transformer.Config(
        num_layers=12, channels=768, num_heads=12, positions="learned", max_length=1024, tied=True
    )
    with torch.device("meta"):
        network = Transformer(config, 50257, 50257)
    assert sum(parameter.numel() for parameter in network.parameters()) == 124_439_808 + 768


def test_dropout_is_for_training_alone() -> None:
    network = make(dropout=0.3)
    x = inputs(network)
    assert torch.equal(network.eval()(x, Condition()), network(x, Condition()))
    dropped = network.train()(x, Condition())
    assert not torch.allclose(dropped, network(x, Condition()))


@pytest.mark.parametrize("name", ["sinusoidal, pre-norm", "rotary, rms, swiglu, no bias", "window 6"])
def test_trains_in_bfloat16(name: str) -> None:
    """Autocast changes types on the way, and neither the state's nor the sense of the numbers."""
    network = make(**CASE.shapes[name])
    x = inputs(network, num_steps=12)
    with torch.autocast("cpu", torch.bfloat16):
        y = network(x, Condition())
        stepped, state = network.step(x, network.init_state(3, Condition()), Condition())
        again, _ = network.step(x[:, :1], state, Condition())
    assert state["blocks"]["0"]["attention"]["keys"].dtype == torch.float32 and again.shape == (3, 1, 7)
    torch.testing.assert_close(y, stepped, rtol=0.1, atol=0.1)
    y.float().logsumexp(dim=-1).sum().backward()
    assert all(math.isfinite(p.grad.sum()) for p in network.parameters())


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("family", ["transformer", "rotary", "sinusoidal"])
def test_a_step_over_buffers_draws_what_the_plain_step_draws(
    family: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a GPU captures and replays, in caches of one size; nothing of it asks the host."""
    monkeypatch.setitem(MORE_ROOM, False, MORE_ROOM[True])
    torch.manual_seed(3)
    alphabet, emission = {"kind": "mu_law", "num_levels": 16}, {"kind": "categorical"}
    values = {"alphabet": alphabet, "network": FAMILIES[family], "emission": emission}
    model = Autoregressive(parse(Autoregressive.Config, values)).double().to(device)
    plain, place = drawn(model, False, [Sampling()])
    static, other = drawn(model, True, [Sampling()])
    assert torch.equal(static, plain) and all(torch.equal(a, b) for a, b in zip(place, other, strict=True))
    assert len(plain.unique()) > 4


@pytest.mark.parametrize("name", ["rotary, rms, swiglu, no bias", "window 6"])
def test_a_detached_state_goes_on_without_its_graph(name: str) -> None:
    """Training by truncated back-propagation: the state carries values, and, detached, no graph."""
    network = make(**CASE.shapes[name])
    x = inputs(network, num_steps=12)
    _, state = network.step(x[:, :6], network.init_state(3, Condition()), Condition())
    assert all(leaf.requires_grad for leaf in states.leaves(state) if leaf.is_floating_point())
    y, _ = network.step(x[:, 6:], states.detach(state), Condition())
    torch.testing.assert_close(y, network(x, Condition())[:, 6:], rtol=1e-4, atol=1e-4)
    y.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_heads": 3}, "channels 4 do not divide into 3 heads"),
        ({"channels": 6, "num_heads": 2, "positions": "rotary"}, "rotary positions need an even number, not 3"),
        ({"channels": 3, "num_heads": 1}, "sinusoidal positions need an even number, not 3"),
        ({"max_length": None}, "max_length is missing"),
        ({"window": 4}, "a window needs rotary positions; sinusoidal ones count from the beginning"),
        ({"window": 4, "positions": "learned"}, "a window needs rotary positions"),
        ({"window": 1, "positions": "rotary"}, "window"),
        ({"input": "scalar", "tied": True}, "tied.*embedding"),
        ({"positions": "none"}, "positions"),
        ({"num_head": 2}, "num_head"),
    ],
)
def test_bad_configs_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(Transformer.Config, {**CASE.small, **changes})
