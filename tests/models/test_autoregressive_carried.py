"""Truncated back-propagation: chunks with a carried state are the whole sequence, and gradients end at their borders.

T time.
"""

from collections import defaultdict
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.generation.symbol_models import FAMILIES, roll_model, text_model
from undertow.batch import Batch
from undertow.config import parse
from undertow.data.batches import batches_in_order
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.sequences import SequenceSet
from undertow.data.streams import StreamBatches
from undertow.models import Autoregressive
from undertow.state import leaves

FREE = [name for name, family in FAMILIES.items() if "max_length" not in family and name != "rnn_attention"]
LENGTHS = (17, 7, 1, 11)


def sequences(model: Autoregressive) -> SequenceSet:
    random, elements = np.random.default_rng(0), model.alphabet.num_elements
    shape = () if elements is None else (elements,)
    return SequenceSet([random.integers(0, model.alphabet.num_symbols, (length, *shape)) for length in LENGTHS])


def whole(model: Autoregressive, sequence: np.ndarray) -> Tensor:
    symbols = torch.from_numpy(sequence)[None]
    return model.log_prob(Batch(symbols, torch.ones(symbols.shape[:2], dtype=torch.bool)))[0]


def streamed(model: Autoregressive, batches: StreamBatches, first: int, stop: int) -> dict[str, list[float]]:
    """Log-probabilities by sequence, of each step in their order, from batches one after another."""
    found: dict[str, list[tuple[int, list[float]]]] = defaultdict(list)
    carried = None
    for step in range(first, stop):
        batch = batches.batch(step)
        log_prob, carried = model.log_prob_from(batch, carried)
        for row, name in enumerate(batch.names):
            if batch.counted[row].any():
                index, _, place = name.partition("[")
                found[index].append((int(place.partition(":")[0] or 0), log_prob[row][batch.counted[row]].tolist()))
    return {index: [value for _, part in sorted(parts) for value in part] for index, parts in found.items()}


@pytest.mark.parametrize("family", FREE)
def test_chunks_are_the_whole(family: str) -> None:
    """With one stream no sequence is cut but at chunks: every step is given all before it, from the start symbol on."""
    model = text_model(family).eval()
    held = sequences(model)
    with torch.no_grad():
        expected = {str(index): whole(model, one).tolist() for index, one in enumerate(held.sequences)}
        for chunk in (3, 100):
            batches = StreamBatches(held, 1, chunk, seed=1)
            found = streamed(model, batches, 0, batches.steps_per_epoch)
            assert found.keys() == expected.keys()
            for index, values in found.items():
                assert values == pytest.approx(expected[index], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("family", FREE)
def test_rows_that_begin_anew_stand_beside_rows_that_go_on(family: str) -> None:
    model = text_model(family).eval()
    held = sequences(model)
    batches = StreamBatches(held, 3, 3, seed=1)
    carried, mixed, began = None, 0, [0, 0, 0]
    known = cache(lambda index, begin: whole(model, held.sequences[index][begin:]))
    with torch.no_grad():
        for step in range(2 * batches.steps_per_epoch):
            batch = batches.batch(step)
            assert batch.continues is not None
            mixed += bool(batch.continues.any()) and not bool(batch.continues.all())
            log_prob, carried = model.log_prob_from(batch, carried)
            for row, name in enumerate(batch.names):
                if not batch.counted[row].any():
                    continue
                index, _, place = name.rstrip("]").partition("[")
                start, stop = map(int, (place or f"0:{LENGTHS[int(index)]}").split(":"))
                began[row] = began[row] if batch.continues[row] else start
                expected = known(int(index), began[row])[start - began[row] : stop - began[row]]
                torch.testing.assert_close(log_prob[row, : stop - start], expected, rtol=1e-10, atol=1e-12)
            assert (log_prob[~batch.counted] == 0).all()
    assert mixed > 1


def test_vector_symbols_are_carried_too() -> None:
    model = roll_model("lstm").eval()
    held = sequences(model)
    batches = StreamBatches(held, 1, 5, seed=0)
    with torch.no_grad():
        found = streamed(model, batches, 0, batches.steps_per_epoch)
        assert sorted(found) == [str(index) for index in range(len(held.sequences))]
        for index, values in found.items():
            assert values == pytest.approx(whole(model, held.sequences[int(index)]).tolist(), rel=1e-10)


def parameters_of(loss: Tensor, model: Autoregressive) -> list[Tensor]:
    found = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    return [
        torch.zeros_like(one) if gradient is None else gradient
        for gradient, one in zip(found, model.parameters(), strict=True)
    ]


@pytest.mark.parametrize("family", FREE)
def test_gradients_end_where_a_chunk_begins(family: str) -> None:
    """Carried on without `detach`, two chunks have the gradient of the whole; as the model carries, a smaller one."""
    model = text_model(family).eval()
    symbols = torch.randint(0, model.alphabet.num_symbols, (2, 12), generator=torch.Generator().manual_seed(3))
    chunks = [
        Batch(symbols[:, part], torch.ones(2, 6, dtype=torch.bool), continues=torch.tensor([goes_on, goes_on]))
        for part, goes_on in ((slice(0, 6), False), (slice(6, 12), True))
    ]
    expected = parameters_of(model.log_prob(Batch(symbols, torch.ones(2, 12, dtype=torch.bool))).sum(), model)
    first, position = model.log_prob_from(chunks[0], None)
    second, _ = model.log_prob_from(chunks[1], position)
    for a, b in zip(parameters_of(first.sum() + second.sum(), model), expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)

    loss, _, _, carried = model(chunks[0])
    assert not any(leaf.requires_grad for leaf in leaves(carried))
    again = model(chunks[1], carried).value
    torch.testing.assert_close(loss + again, -(first.sum() + second.sum()) / 12, rtol=1e-10, atol=1e-12)
    cut = parameters_of(-12 * (loss + again), model)
    assert any(not torch.allclose(a, b, rtol=1e-6) for a, b in zip(cut, expected, strict=True))


def test_a_row_that_begins_anew_forgets_what_it_is_given() -> None:
    model: Any = text_model("gru").eval()
    symbols = torch.randint(0, model.alphabet.num_symbols, (2, 6))
    counted = torch.ones(2, 6, dtype=torch.bool)
    _, position = model.log_prob_from(Batch(symbols, counted, continues=torch.zeros(2, dtype=torch.bool)), None)
    found, _ = model.log_prob_from(Batch(symbols, counted, continues=torch.tensor([False, True])), position)
    fresh = model.log_prob(Batch(symbols, counted))
    torch.testing.assert_close(found[0], fresh[0], rtol=1e-10, atol=1e-12)
    assert not torch.allclose(found[1], fresh[1])


MEL = {"kind": "mel", "sample_rate": 8000, "hop_length": 4, "window_length": 16, "fft_size": 16, "num_channels": 3}


@pytest.mark.filterwarnings("ignore::undertow.models.ShortReceptiveFieldWarning")
@pytest.mark.parametrize("look_ahead", [0, 2])
def test_chunks_of_sound_are_the_whole_with_its_labels_and_frames(look_ahead: int) -> None:
    network = {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": 3, "residual_channels": 4, "gate_channels": 4}
    upsampling = {"channels": 3, "look_ahead": look_ahead}
    values = {
        "sample_rate": 8000,
        "alphabet": {"kind": "mu_law", "num_levels": 16},
        "network": network,
        "emission": {"kind": "categorical"},
        "conditioner": {"labels": {"speaker": ["a", "b"]}, "features": MEL, "upsampling": upsampling},
    }
    model = Autoregressive(parse(Autoregressive.Config, values)).double().eval()
    random = np.random.default_rng(0)
    waves = [random.integers(-9000, 9000, length).astype(np.int16) for length in (30, 27, 36, 33)]  # three chunks each
    clips = [Clip(str(index), wave, {"speaker": "ab"[index % 2]}) for index, wave in enumerate(waves)]
    held = ClipExamples(ClipSet(clips, 8000), model.needs)
    batches = StreamBatches(held, 2, 10, seed=1, look_ahead=look_ahead)  # chunks of 12: three frames
    total, carried = 0.0, None
    with torch.no_grad():
        for step in range(batches.steps_per_epoch):
            batch = batches.batch(step).to("cpu", torch.float64)
            log_prob, carried = model.log_prob_from(batch, carried)
            total += float(log_prob.sum())
        expected = 0.0
        for whole in batches_in_order(held, 1):
            found = model.log_prob(whole.to("cpu", torch.float64))[0]
            expected += float(found.sum())
    assert total == pytest.approx(expected, rel=1e-10)
