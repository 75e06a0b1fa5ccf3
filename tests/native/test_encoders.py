"""The engine's encoders beside torch's, and the same bits whatever reads beside them."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.decoding.pair_models import LENGTHS, make, sources
from tests.networks import pair_cases
from tests.refusals import refuses
from undertow.errors import DataError
from undertow.models import Seq2Seq
from undertow.native import cpu_isas, export, files_in, lower_encoder, make_encoder, make_program, read_header, to_bytes
from undertow.native.format import OpKind
from undertow.native.source import Source
from undertow.native.trace import trace
from undertow.state import named_leaves

pytestmark = pytest.mark.native

CASES = [("bytenet", "longer"), ("rnn", "lstm"), ("rnn_attention", "layers"), ("transformer", "pre-norm")]
Leaves = dict[str, np.ndarray]


def encoded(encoder: Any, source: Tensor, lengths: Tensor) -> Leaves:
    memory, first = encoder.encode(np.ascontiguousarray(source.numpy()), None, lengths.numpy())
    return memory | first


def expected(model: Seq2Seq) -> Leaves:
    """What torch makes of the sources, in float64."""
    with torch.inference_mode():
        state = model.init_state(4, model.encode(sources(model), LENGTHS))
    memory = named_leaves(state.pop("memory", {}))
    return {name: leaf.numpy() for name, leaf in (named_leaves(state) | memory).items()}


@pytest.mark.parametrize(("kind", "name"), pair_cases.CASES)
def test_gives_what_torch_makes_of_a_source_in_any_company_on_any_processor(kind: str, name: str) -> None:
    model = make(kind, name)
    torchs = expected(model)
    lowered = lower_encoder(model.float())
    assert lowered is not None
    file = to_bytes(lowered.graph)
    found = encoded(make_encoder(make_program(file), 1), sources(model), LENGTHS)
    for leaf, part in found.items():
        assert part.shape == torchs[leaf].shape
        np.testing.assert_allclose(part, torchs[leaf], rtol=0, atol=2e-5 * float(np.abs(torchs[leaf]).max()))
    for isa in cpu_isas():
        again = encoded(make_encoder(make_program(file, isa), 2), sources(model), LENGTHS)
        assert all(np.array_equal(part, again[leaf]) for leaf, part in found.items())
    for row, length in enumerate(LENGTHS):
        alone = encoded(make_encoder(make_program(file), 1), sources(model)[row : row + 1, :length], LENGTHS[row, None])
        assert all(np.array_equal(part[0], found[leaf][row][: part.shape[1]] if part.ndim > 2 else found[leaf][row])
                   for leaf, part in alone.items())  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_calibration_computes_what_the_engine_does(kind: str, name: str) -> None:
    model = make(kind, name).float()
    lowered = lower_encoder(model)
    assert lowered is not None
    found = encoded(make_encoder(make_program(to_bytes(lowered.graph)), 1), sources(model), LENGTHS)
    given = {op.output: op.name for op in lowered.graph.ops if op.kind == OpKind.GIVE}
    for row, length in enumerate(LENGTHS):
        for value, made in trace(lowered.graph, sources(model)[row, :length], None):
            if value in given:
                part = found[given[value]][row].reshape(-1, made.shape[1])[: len(made)]
                np.testing.assert_allclose(part, made.detach().numpy(), rtol=0, atol=1e-5)


def test_an_exported_file_has_the_encoder_of_the_same_model_behind_the_decoder() -> None:
    model = make("rnn", "gru").float()
    file = export(model, "bfloat16").engine_file
    assert file is not None
    decoder, encoder = files_in(file)
    assert encoder is not None and decoder + encoder == file
    assert read_header(file).source == read_header(encoder).source != Source(bytes(32), bytes(32))
    other = files_in(export(make("rnn", "lstm").float(), "bfloat16").engine_file or b"")[1] or b""
    with refuses(DataError, "here", "encoder", "decoder"):
        read_header(decoder + other, "here")
    with refuses(DataError, "here", "damaged"):
        read_header(file[:-1] + bytes([file[-1] ^ 1]), "here")
    with refuses(DataError, "here", "cut short"):
        read_header(file[:-1], "here")


def test_frames_are_read_as_torch_reads_them() -> None:
    model = make("bytenet", "longer").float()
    network = pair_cases.make("bytenet", "longer", pair_cases.FRAMES, pair_cases.InputShape(num_symbols=7))
    frames, lengths = pair_cases.sources(pair_cases.FRAMES), pair_cases.LENGTHS
    with torch.inference_mode():
        memory = network.encode(frames, lengths).memory
    assert memory is not None
    model.network, model.source_end = network.float(), None
    lowered = lower_encoder(model)
    assert lowered is not None
    encoder = make_encoder(make_program(to_bytes(lowered.graph)), 1)
    found, _ = encoder.encode(None, frames.float().numpy(), lengths.numpy())
    np.testing.assert_allclose(found["columns"], memory, rtol=0, atol=2e-5 * float(memory.abs().max()))


@pytest.mark.parametrize(("length", "symbol"), [(0, 1), (4, 1), (3, 9)])
def test_a_source_out_of_bounds_is_refused(length: int, symbol: int) -> None:
    lowered = lower_encoder(make("rnn", "gru").float())
    assert lowered is not None
    encoder = make_encoder(make_program(to_bytes(lowered.graph)), 1)
    with pytest.raises(ValueError, match="length|symbol"):
        encoder.encode(np.full((1, 3), symbol, dtype=np.int64), None, np.array([length]))
