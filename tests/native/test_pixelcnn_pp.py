"""PixelCNN++ in the engine: its graph, rows that end anywhere, and images of any number of columns and levels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.native.models import BY_LABEL, PIXELS, PLUSPLUS, build, condition, make, params, symbols
from tests.native.stepping import engine_of, feed
from undertow.layers.shifted_conv import NormedConv
from undertow.layers.two_streams import Edge
from undertow.models.autoregressive import Autoregressive
from undertow.native import lower
from undertow.native.format import OpKind
from undertow.session import make_session
from undertow.session.conditions import Known

KINDS = ["pixelcnn++", "pixelcnn++ of three resolutions and labels"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_convolution_of_the_network_is_one_of_the_graph(kind: str) -> None:
    model = build(kind)
    lowered = lower(model)
    found = [name for name, op in zip(lowered.names, lowered.graph.ops, strict=True) if op.kind == OpKind.CONV]
    named = dict(model.network.named_modules(prefix="network"))
    expected = [name for name, module in named.items() if isinstance(module, NormedConv | nn.Conv2d)]
    joined = {f"{name}.over" for name, module in named.items() if isinstance(module, Edge)}  # with `beside`
    made = {"network.known.late"} if "labels" in kind else {"network.pixels"}
    assert len(found) == len(set(found)) and set(found) == set(expected) - joined | made


@pytest.mark.native
@settings(max_examples=25)
@given(
    st.integers(1, 3).flatmap(
        lambda levels: st.tuples(st.just(levels), st.integers(1, 4).map(lambda n: n << levels - 1))
    ),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
)
def test_any_raster_says_what_torch_says(
    raster: tuple[int, int], blocks: int, embeds: bool, labelled: bool, sizes: list[int]
) -> None:
    levels, width = raster
    network = dict(
        PLUSPLUS, channels=3, num_blocks=blocks, num_levels=levels, input="embedding" if embeds else "scalar"
    )
    conditioner = dict(conditioner=BY_LABEL) if labelled else {}
    model = make(dict(network=network, alphabet=dict(PIXELS, shape=(3, width, 1)), **conditioner))
    inputs, known = symbols(model, 2, 5 * width + 1), condition(model, 2, 5 * width + 1)
    expected, said = params(model, inputs, known), feed(engine_of(model, 2), model, inputs, known, sizes)
    np.testing.assert_allclose(said, expected, rtol=0, atol=2e-5 * abs(expected).max())


@pytest.mark.native
def test_rows_of_a_batch_stand_at_places_of_their_own() -> None:
    """Each begins its rows of pixels when they come, whatever the others do."""
    model, lengths = build(KINDS[1]), [0, 1, 5, 8, 13, 27]
    known = Known(model, len(lengths), {name: torch.arange(len(lengths)) % 3 for name in ("speaker", "digit")})
    inputs = symbols(model, len(lengths), 50)[:, 1:]
    together = make_session(model, "native")
    together.prime([row[:length] for row, length in zip(inputs, lengths, strict=True)], known)
    after = torch.stack([row[length : length + 20] for row, length in zip(inputs, lengths, strict=True)])
    said = together.feed(after, known.steps_from(lengths, 20))
    for row, length in enumerate(lengths):
        alone, own = make_session(model, "native"), known.select([row])
        alone.prime([inputs[row, :length]], own)
        assert torch.equal(alone.feed(after[row : row + 1], own.steps(length, length + 20))[0], said[row])


def test_labels_reach_both_streams() -> None:
    model = build(KINDS[1])
    assert len(shrunk(model)) == 2 * 2 + 2 * 2  # two streams and what is known of each, at two resolutions


def shrunk(model: Autoregressive) -> list[str]:
    """Ops that go to half a resolution."""
    lowered = lower(model)
    return [name for name, op in zip(lowered.names, lowered.graph.ops, strict=True) if op.kind == OpKind.SHRINK]
