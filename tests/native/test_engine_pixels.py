"""Pixels of coupled colours on the engine: steps of three values, beside torch, counted, coded and carried on.

B rows, T steps, P parameters, E = 3 channels.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.native.models import make, params
from tests.native.stepping import engine_of, feed
from tests.refusals import refuses
from undertow.batch import Batch, Condition
from undertow.coding.range_coder import RangeDecoder, RangeEncoder
from undertow.data.pictures import load_pictures
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.generation import generate, resume, stream
from undertow.models.autoregressive import Autoregressive
from undertow.native import Counter, cpu_isas, export
from undertow.session import log_prob, make_scorer
from undertow.session.conditions import Known
from undertow.session.engine_arrays import sampling_array
from undertow.session.native_session import NativeSession
from undertow.session.noise import uniforms
from undertow.session.torch_session import TorchSession

pytestmark = pytest.mark.native
NETWORKS = {
    "tcn": dict(kind="tcn", channels=12, num_levels=3),
    "wavenet": dict(kind="wavenet", num_cycles=1, layers_per_cycle=3, residual_channels=8, gate_channels=8),
    "gru": dict(kind="rnn", cell="gru", channels=9),
    "pixelcnn_pp": dict(kind="pixelcnn_pp", channels=4, num_blocks=1, num_levels=2),
}
BITS = 24
NEAR_EDGE = 2e-6  # of the range from -1 to 1: a point nearer than this to an edge of its bin may fall into the next


def build(family: str = "tcn", gain: float = 1.5, num_components: int = 4, **parts: Any) -> Autoregressive:
    """A model of pictures of 32 by 32 pixels."""
    values = dict(
        alphabet=dict(kind="pixels", shape=(32, 32, 3)),
        network=dict(NETWORKS[family], input="scalar"),
        emission=dict(kind="coupled_logistics", num_components=num_components),
    )
    return make(values | parts, gain)


def pixels(num_rows: int, num_steps: int) -> torch.Tensor:
    """Random pixels (B, T, E)."""
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (num_rows, num_steps, 3)))


@pytest.fixture(scope="module")
def pictures(real_data: Path) -> torch.Tensor:
    """The middle rows of two pictures of CIFAR-10, (2, 320, E)."""
    images = load_pictures("cifar10", "test", real_data / "cifar10").pixels[:2]
    return torch.from_numpy(images[:, 11:21].reshape(2, -1, 3).astype(np.int64))


@pytest.mark.parametrize("family", NETWORKS)
def test_parameters_are_torchs(family: str) -> None:
    model, symbols = build(family), pixels(2, 60)
    said = []
    for session in (TorchSession(model), NativeSession(model), NativeSession(model, threads=1, isa=cpu_isas()[0])):
        session.prime([symbols[0, :9], symbols[1, :4]], Known(model, 2, {}))
        parts = session.feed(symbols[:, 10:11]), session.peek()[:, None], session.feed(symbols[:, 11:])
        said.append(torch.cat(parts, dim=1))
    torch.testing.assert_close(said[1], said[0], rtol=0, atol=2e-5 * float(said[0].abs().max()))
    assert torch.equal(said[2], said[1])


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_draws_are_torchs_from_the_same_parameters_and_uniforms(temperature: float) -> None:
    model, sampling, num_steps = build(), Sampling(temperature=temperature), 2000
    noise = uniforms(5, [0, 1], 0, num_steps, 4)
    drawn = np.empty((2, num_steps, 3), dtype=np.int64)
    engine_of(model, 2).run(drawn, sampling=sampling_array([sampling], 256), uniforms=noise)
    past = model.past(torch.from_numpy(drawn[:, :-1]))
    said = feed(engine_of(model, 2), model, past, Condition(), [num_steps])
    expected = model.emission.sample(torch.from_numpy(said), torch.from_numpy(noise), sampling).numpy()
    np.testing.assert_array_equal(drawn, expected)
    assert drawn.min() >= 0 and drawn.max() < 256 and (temperature == 0 or len(np.unique(drawn)) > 100)


@pytest.mark.parametrize("lowered", [0.0, 60.0], ids=["usual scales", "scales at their floor"])
def test_a_channel_differs_from_torch_only_at_the_edge_of_a_bin(lowered: float) -> None:
    """Given the same channels before it, and if it does, it is the next bin."""
    model, symbols = build(num_components=1), pixels(2, 4000)
    with torch.no_grad():
        model.network.head.bias[4:7] -= lowered
    inputs, noise = model.past(symbols[:, :-1]), uniforms(3, range(2), 0, 4000, 4)
    said = params(model, inputs, Condition(), double=False)
    both = [torch.from_numpy(said), torch.from_numpy(feed(engine_of(model, 2), model, inputs, Condition(), [500]))]
    drawn = [model.emission.sample(one, torch.from_numpy(noise), Sampling()) for one in both]
    difference = drawn[1] - drawn[0]
    first = (difference != 0) & ((difference != 0).cumsum(-1) == 1)
    assert (difference[first].abs() == 1).all() and first.double().mean() < 0.01
    edges = (torch.maximum(*drawn) / 128 - 1)[first]
    for one, pixel in zip(both, drawn, strict=True):
        assert ((points(model, one, noise, pixel)[first] - edges).abs() < NEAR_EDGE).all()


def points(model: Autoregressive, said: torch.Tensor, noise: np.ndarray, drawn: torch.Tensor) -> torch.Tensor:
    """Where in [-1, 1] the draws (B, T, E) of one component lie before they are put into bins."""
    means, log_scales, couplings = said[..., 1:].double().unflatten(-1, (3, 3)).unbind(-2)
    red, green = ((2 * drawn[..., channel] + 1) / 256 - 1 for channel in (0, 1))
    c = couplings.tanh()
    moved = [torch.zeros_like(red), c[..., 0] * red, c[..., 1] * red + c[..., 2] * green]
    bins = model.emission.bins
    mean, log_scale = bins.locate(means + torch.stack(moved, -1), log_scales)
    return mean + torch.exp(log_scale) * bins.shape.quantile(torch.from_numpy(noise[..., 1:]))


def test_generation_is_torchs_and_a_stream_changes_engines() -> None:
    model, given = build("gru"), pixels(1, 5)[0].numpy()
    whole = generate(model, num_steps=40, prompt=given, count=2, engine="torch").real
    assert generate(model, num_steps=40, prompt=given, count=2).engine == "native"
    for first, second in [("torch", "native"), ("native", "torch"), ("native", "native")]:
        begun = stream(model, num_steps=40, prompt=given, count=2, chunk_steps=8, engine=first)
        parts = [next(begun), *resume(model, begun.state, num_steps=32, chunk_steps=5, engine=second)]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
@pytest.mark.parametrize("family", ["tcn", "pixelcnn_pp"])
def test_exports_cost_little(family: str, precision: str) -> None:
    model, symbols = build(family), pixels(4, 60)
    batch = Batch(symbols, torch.ones(4, 60, dtype=torch.bool))
    plain = float(log_prob(make_scorer(export(model, "float32")), batch, 500).mean())
    torch.testing.assert_close(plain, float(log_prob(make_scorer(model), batch, 500).mean()), rtol=1e-4, atol=0)
    exported = float(log_prob(make_scorer(export(model, precision, [batch])), batch, 500).mean())
    assert abs(exported - plain) < 0.02 * abs(plain)


def counts_of(session: NativeSession, symbols: torch.Tensor, sizes: list[int]) -> np.ndarray:
    """The intervals (B, T, E, 2) of symbols, in chunks; before every other one is a peek."""
    session.prime([row[:0] for row in symbols], Known(session.model, len(symbols), {}))
    parts = []
    for index, part in enumerate(symbols.split(sizes, dim=1)):
        if index % 2:
            session.peek()
        parts.append(session.feed_counts(part, BITS))
    return np.concatenate(parts, axis=1)


def test_counts_are_those_of_the_parameters_in_any_chunks_threads_and_instructions(pictures: torch.Tensor) -> None:
    model = build()
    session = NativeSession(model)
    session.prime([row[:0] for row in pictures], Known(model, 2, {}))
    said = session.feed(pictures).flatten(0, 1).numpy()
    expected = Counter(model.emission, BITS).intervals(said, pictures.flatten(0, 1).numpy()).reshape(2, 320, 3, 2)
    ways = [(1, "auto", [320]), (2, "auto", [1, 300, 19]), *((1, isa, [7, 313]) for isa in cpu_isas())]
    for threads, isa, sizes in ways:
        found = counts_of(NativeSession(model, threads=threads, isa=isa), pictures, sizes)
        np.testing.assert_array_equal(found, expected)


def test_real_pixels_are_coded_and_decoded_value_by_value(pictures: torch.Tensor) -> None:
    """Into as many bytes as their counts cost, which is what torch's likelihood says they cost."""
    model, symbols = build(gain=1.0), pictures[:1]
    intervals = counts_of(NativeSession(model), symbols, [320])[0].reshape(-1, 2)
    encoder = RangeEncoder()
    encoder.encode_all(intervals, BITS)
    message = encoder.finish()
    bits = BITS - np.log2(np.diff(intervals.astype(np.float64))).sum(-1)
    assert abs(8 * len(message) - bits.sum()) <= 16
    batch = Batch(symbols, torch.ones(1, 320, dtype=torch.bool))
    with torch.no_grad():
        told = -float(model.double().log_prob(batch).sum()) / np.log(2)
    assert abs(bits.sum() - told) < 1e-3 * told and bits.sum() < told + 3 * 320 * 1.45 * 256 / 2**BITS

    session, decoder, decoded = NativeSession(model.float(), threads=1, isa=cpu_isas()[0]), RangeDecoder(message), []
    session.prime([symbols[0, :0]], Known(model, 1, {}))
    for _ in range(320):
        known = np.empty((1, 0), dtype=np.int64)
        for _ in range(3):
            count = np.array([decoder.count(BITS)], dtype=np.uint32)
            found, interval = session.find(count, BITS, known=known)
            decoder.take(*interval[0].tolist(), BITS)
            known = np.concatenate([known, found[:, None]], axis=1)
        decoded.append(known[0])
    np.testing.assert_array_equal(decoded, symbols[0])


def test_a_pixel_is_appended_with_its_last_value() -> None:
    model, symbols = build(), pixels(2, 3)
    session = NativeSession(model)
    session.prime([row[:1] for row in symbols], Known(model, 2, {}))
    before, intervals = session.peek().clone(), counts_of(NativeSession(model), symbols, [3])[:, 1]
    for channel in range(3):
        known = symbols[:, 1, :channel].numpy()
        assert torch.equal(session.peek(), before)
        found, interval = session.find(intervals[:, channel, 0].copy(), BITS, known=known)
        np.testing.assert_array_equal(found, symbols[:, 1, channel])
        np.testing.assert_array_equal(interval, intervals[:, channel])
    assert not torch.equal(session.peek(), before)
    with refuses(UsageError, "known", "3"):
        session.find(intervals[:, 0, 0].copy(), BITS, known=symbols[:, 1].numpy())
    for wrong in (-1, 256):
        with pytest.raises(ValueError):
            session.find(intervals[:, 1, 0].copy(), BITS, known=np.full((2, 1), wrong))


@pytest.mark.parametrize("family", ["tcn", "pixelcnn_pp"])
def test_labels_turn_the_draws_as_in_torch(family: str) -> None:
    model = build(family, conditioner=dict(labels={"object": ["cat", "dog"]}, label_channels=3))
    drawn = [generate(model, num_steps=20, seed=1, labels={"object": one}).symbols for one in ("cat", "dog")]
    assert not np.array_equal(*drawn)
    other = generate(model, num_steps=20, seed=1, labels={"object": "dog"}, engine="torch").symbols
    np.testing.assert_array_equal(drawn[1], other)
