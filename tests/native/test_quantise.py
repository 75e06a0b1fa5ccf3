"""int8: weights and steps keep the engine's rules, its numbers are those of integers, and it costs next to nothing."""

import copy
import dataclasses
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.golden import make_int8 as golden
from tests.native import int8
from tests.native.models import KINDS, build, condition, configs, make, symbols
from tests.native.stepping import aligned
from tests.native.unsupported import with_doubled
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.data.audio import to_int16
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.errors import DataError, UsageError
from undertow.evaluation import bits_per_symbol, score
from undertow.evaluation.calibration import calibration_batches
from undertow.models.autoregressive import Autoregressive
from undertow.native import cpu_isas, export, lower, make_engine, make_program, precision_of, to_bytes, why_missing
from undertow.native.export import measure
from undertow.native.format import Graph, OpKind, Type
from undertow.native.quantise import LEAST_RANGE, quantise, quantised_values, round_weight

RATE = 1000  # that the speech is said to have, so that what the small model hears of it is long enough
ISAS = [] if why_missing() else cpu_isas()


def clips_of(wave: np.ndarray, rate: int, size: int = 1600, **labels: str) -> ClipSet:
    """Clips of that many samples from int16 or float samples."""
    wave = wave if wave.dtype == np.int16 else to_int16(wave)
    pieces = [wave[start : start + size] for start in range(0, len(wave) - size + 1, size)]
    return ClipSet([Clip(str(index), piece, labels) for index, piece in enumerate(pieces)], rate)


def walks(num_clips: int = 4, rate: int = 100) -> ClipSet:
    """Clips for the small models of this folder."""
    random = np.random.default_rng(5)
    wave = np.cumsum(random.normal(0, 2500, num_clips * 300))
    return clips_of((8000 * np.sin(wave / 9000)).astype(np.int16), rate, 300)


def heard(model: Autoregressive, clips: ClipSet | None = None) -> Iterable[Batch]:
    """Batches of clips, by default of walks; of waves over the levels, where a model is of images."""
    if model.alphabet.real == "images":
        steps, levels = torch.arange(200).reshape(2, 100), model.alphabet.num_symbols
        symbols = ((1 + torch.sin(steps * steps / 900)) * (levels - 1) / 2).round().long()
        return [Batch(symbols, torch.ones(2, 100, dtype=torch.bool), labels={"speaker": torch.tensor([0, 1])})]
    return calibration_batches(model, ClipExamples(walks() if clips is None else clips, model.needs))


def graph_of(model: Autoregressive) -> Graph:
    graph = lower(model).graph
    return quantise(graph, measure(model, graph, heard(model)))


# --- weights


@settings(max_examples=200)
@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 9)),
        elements=st.floats(-1e3, 1e3, allow_subnormal=False) | st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-9]),
    )
)
def test_every_pair_of_weights_fits_sixteen_bits(weight: np.ndarray) -> None:
    rounded, scale = round_weight(weight)
    assert rounded.dtype == np.int8 and scale.dtype == np.float32 and (scale > 0).all()
    assert np.abs(rounded.astype(int)).max() <= 127
    odd = weight.shape[2] % 2
    pairs = np.pad(rounded.astype(int), ((0, 0), (0, 0), (0, odd))).reshape(len(weight), -1, 2)
    assert np.maximum(pairs, 0).sum(axis=2).max() <= 128 and np.maximum(-pairs, 0).sum(axis=2).max() <= 128
    assert (np.abs(rounded * scale[:, None, None].astype(np.float64) - weight) <= 0.5001 * scale[:, None, None]).all()


@pytest.mark.parametrize(
    ("pair", "rounded", "scale"),
    [
        ((1.0, 0.25), (102, 26), 1.25 / 127.99),  # of one sign: what they add to counts
        ((1.0, -0.25), (127, -32), 1 / 127),  # of two signs: the larger counts
        ((-1.0, -1.0), (-64, -64), 2 / 127.99),
        ((0.0, 0.0), (0, 0), float(np.finfo(np.float32).tiny)),
    ],
)
def test_scales(pair: tuple[float, float], rounded: tuple[int, int], scale: float) -> None:
    weights, scales = round_weight(np.array([[pair]]))
    assert tuple(weights[0, 0]) == rounded and scales[0] == pytest.approx(scale, rel=1e-6)


# --- steps


def test_steps_reach_what_was_measured() -> None:
    model = build("embedding")
    plain = lower(model).graph
    ranges = measure(model, plain, heard(model))
    graph = quantise(plain, ranges)
    relu = {op.output for op in graph.ops if op.activation.name == "RELU"}
    assert sorted(ranges) == quantised_values(plain) and relu & set(ranges)
    for index, value in enumerate(graph.values):
        assert (value.step >= 0) == (index in ranges)
        if index in ranges:
            levels = 255 if index in relu else 127
            assert value.zero_point == (0 if index in relu else 128)
            expected = np.maximum(ranges[index], LEAST_RANGE * ranges[index].max()) / levels
            np.testing.assert_allclose(graph.tensors[value.step].array, expected, rtol=1e-6)


def test_a_value_that_is_always_zero_has_a_step_all_the_same() -> None:
    plain = lower(build("embedding")).graph
    ranges = {index: np.zeros(plain.values[index].channels, np.float32) for index in quantised_values(plain)}
    graph = quantise(plain, ranges)
    assert all((graph.tensors[graph.values[index].step].array == 1).all() for index in ranges)


@pytest.mark.parametrize("kind", KINDS)
def test_what_reads_the_condition_a_product_or_one_channel_stays_float32(kind: str) -> None:
    graph = graph_of(build(kind))
    assert graph.precision == Type.INT8
    known = {op.output for op in graph.ops if op.kind in (OpKind.CONDITION, OpKind.PRODUCT)}
    for op in graph.ops:
        if op.kind == OpKind.CONV:
            single = sum(graph.values[value].channels for value in op.inputs) == 1
            floats = bool(known & set(op.inputs)) or single
            assert graph.tensors[op.weight].type == (Type.FLOAT32 if floats else Type.INT8)
            assert (op.scale >= 0) != floats


# --- export


def test_the_same_clips_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    model, clips = build("labels"), walks()
    first = export(model, "int8", heard(model, clips)).engine_file
    assert export(model, "int8", heard(model, clips)).engine_file == first
    torch.set_num_threads(2)
    try:
        assert export(model, "int8", heard(model, clips)).engine_file == first
    finally:
        torch.set_num_threads(1)
    assert export(model, "int8", heard(model, walks(2))).engine_file != first


def batch_of(symbols: list[list[int]], counted: list[list[bool]], **more: Any) -> Batch:
    return Batch(torch.tensor(symbols), torch.tensor(counted), **more)


@pytest.mark.parametrize("kind", ["bytenet", "labels", "features", "tcn of values and features"])
def test_rows_of_a_batch_are_heard_one_by_one(kind: str) -> None:
    """Padding is not heard, nor does it matter which rows are in a batch together."""
    model = build(kind)
    graph, random = lower(model).graph, np.random.default_rng(2)
    symbols, lengths = torch.from_numpy(random.integers(0, 16, (3, 40))), torch.tensor([40, 7, 23])
    counted = (torch.arange(40) < lengths[:, None]) & (torch.arange(40) >= 3)
    labels = {name: torch.arange(3) for name in model.config.conditioner.labels}
    frames = torch.from_numpy(random.normal(size=(3, 11, 3))).float()
    features = frames if model.config.conditioner.features else None
    together = measure(model, graph, [Batch(symbols, counted, labels, features)])
    rows = [
        Batch(
            symbols[row : row + 1, :length],
            counted[row : row + 1, :length],
            {name: label[row : row + 1] for name, label in labels.items()},
            None if features is None else features[row : row + 1],
        )
        for row, length in enumerate(lengths.tolist())
    ]
    alone = measure(model, graph, rows)
    assert together.keys() == alone.keys() and len(together) > 0
    for value, largest in together.items():
        np.testing.assert_allclose(largest, alone[value], rtol=1e-5)


def test_symbols_after_the_last_that_counts_are_not_heard() -> None:
    model = build("bytenet")
    graph = lower(model).graph
    heard = [[True] * 5 + [False] * 3]
    one, other = (measure(model, graph, [batch_of([[1, 2, 3, 4, 5, *rest]], heard)]) for rest in ([0] * 3, [9] * 3))
    assert all(np.array_equal(one[value], other[value]) for value in one)


def test_a_copy_is_exported() -> None:
    model = build("embedding").train()
    for precision in ("float32", "bfloat16", "int8"):
        exported = export(model, precision, heard(model) if precision == "int8" else None)
        assert precision_of(exported) == precision and exported.engine_file is not None and not exported.training
    assert model.engine_file is None and precision_of(model) is None and model.training
    assert copy.deepcopy(exported).engine_file == exported.engine_file


def test_frames_longer_than_a_clip() -> None:
    network = dict(kind="wavenet", num_cycles=1, layers_per_cycle=2, residual_channels=4, gate_channels=4)
    model = make(dict(network=dict(network, skip_channels=4, context=dict(frame_size=600, num_layers=1))))
    assert precision_of(export(model, "int8", heard(model))) == "int8"


def test_what_cannot_be_exported() -> None:
    model = build("embedding")
    with refuses(UsageError, "precision", "'int4'", "'int8'"):
        export(model, "int4")
    with refuses(UsageError, "int8", "data"):
        export(model, "int8")
    with refuses(UsageError, "exported", "bfloat16"):
        export(export(model, "bfloat16"), "int8", heard(model))
    with refuses(DataError, "calibrate", "batch", "step"):
        export(model, "int8", [batch_of([[1, 2, 3]], [[False] * 3])])
    with pytest.raises(DataError, match="no sequences"):
        export(model, "int8", heard(model, ClipSet([], 100)))
    with pytest.raises(UsageError, match="no Doubled"):
        export(with_doubled(), "int8", heard(model))
    with torch.no_grad():
        model.network.skip.conv.weight.fill_(float("nan"))
    with refuses(DataError, "weights"):
        export(model, "int8", heard(model))


# --- the engine


def said(
    model: Autoregressive, graph: Graph, rows: int, num_steps: int, sizes: list[int], **options: Any
) -> np.ndarray:
    """Parameters (B, T, P) of the engine after symbols fed in chunks of the given sizes."""
    known, inputs = condition(model, rows, num_steps).aligned, symbols(model, rows, num_steps).numpy()
    engine = make_engine(make_program(to_bytes(graph), options.get("isa", "auto")), rows, options.get("threads", 1))
    params, start, turn = np.empty((rows, num_steps, model.emission.num_params), np.float32), 0, 0
    while start < num_steps:
        stop = min(start + sizes[turn % len(sizes)], num_steps)
        part = None if known is None else (known if known.shape[1] == 1 else known[:, start:stop]).detach().numpy()
        out = np.empty((rows, stop - start, params.shape[2]), np.float32)
        engine.feed(inputs[:, start:stop].copy(), None if part is None else np.ascontiguousarray(part), out)
        params[:, start:stop] = out
        start, turn = stop, turn + 1
    return params


@pytest.mark.native
@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_says_what_integers_say(kind: str) -> None:
    """To rounding: where a value lies between two levels, the engine's last bit may fall on the other one."""
    model = build(kind)
    graph = graph_of(model)
    found = said(model, graph, 2, 60, [60])
    known = condition(model, 2, 60).aligned
    for row in range(2):
        own = None if known is None else known[row].detach().numpy()
        expected = int8.says(graph, symbols(model, 2, 60)[row].numpy(), own)
        error = np.abs(found[row] - expected).max(axis=1) / np.abs(expected).max()
        assert np.median(error) < 1e-6 and error.max() < 0.05, kind


ROWS, STEPS = 3, 90
SURROUNDINGS = ((1, [1]), (2, [STEPS]), (3, [1, 40, 7]), (1, [2, 3, 64]))  # threads, sizes of chunks


@pytest.mark.native
@pytest.mark.parametrize("kind", KINDS)
def test_no_surroundings_change_a_bit(kind: str) -> None:
    model = build(kind)
    graph = graph_of(model)
    expected = said(model, graph, ROWS, STEPS, [STEPS])
    for isa in ISAS:
        for threads, sizes in SURROUNDINGS:
            found = said(model, graph, ROWS, STEPS, sizes, isa=isa, threads=threads)
            assert np.array_equal(found, expected), (isa, threads, sizes)
    if model.conditioner.channels == 0:  # the first of several rows is what it is alone
        assert np.array_equal(said(model, graph, 1, STEPS, [17]), expected[:1])


@pytest.mark.native
@settings(max_examples=25)
@given(configs(), st.lists(st.integers(1, 70), min_size=1, max_size=4))
def test_no_surroundings_change_a_bit_of_any_model(config: dict[str, Any], sizes: list[int]) -> None:
    model = make(config)
    plain = lower(model).graph
    random = np.random.default_rng(3)
    values = quantised_values(plain)
    ranges = {one: random.uniform(0, 2, plain.values[one].channels).astype(np.float32) for one in values}
    graph = quantise(plain, ranges)
    expected = said(model, graph, ROWS, STEPS, [STEPS])
    for isa in ISAS:
        assert np.array_equal(said(model, graph, ROWS, STEPS, sizes, isa=isa, threads=2), expected), isa


@pytest.mark.native
def test_no_surroundings_change_a_bit_of_real_speech(of_speech: Autoregressive, speech: np.ndarray) -> None:
    exported = export(of_speech, "int8", heard(of_speech, clips_of(speech[:4800], RATE)))
    symbols = of_speech.past(torch.from_numpy(of_speech.alphabet.encode(speech[:8000])).reshape(4, 2000)).numpy()
    results = []
    for isa, threads, rows, sizes in [(isa, 1, 4, [2001]) for isa in ISAS] + [
        ("auto", 2, 4, [700, 1, 64]),
        ("auto", 2, 1, [2001]),
        ("scalar", 1, 2, [1000, 13]),
    ]:
        program = make_program(exported.engine_file, isa)
        parts = [fed(program, symbols[first : first + rows], threads, sizes) for first in range(0, 4, rows)]
        results.append(np.concatenate(parts))
    assert all(np.array_equal(one, results[0]) for one in results[1:])


def fed(program: Any, symbols: np.ndarray, threads: int, sizes: list[int]) -> np.ndarray:
    engine, said, start = make_engine(program, len(symbols), threads), [], 0
    while start < symbols.shape[1]:
        stop = min(start + sizes[len(said) % len(sizes)], symbols.shape[1])
        params = np.empty((len(symbols), stop - start, program.num_params), np.float32)
        engine.feed(symbols[:, start:stop].copy(), None, params)
        said.append(params)
        start = stop
    return np.concatenate(said, axis=1)


@pytest.mark.native
@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_was_taken_and_given_back_changes_no_bit(kind: str) -> None:
    """It is told as floats, of which every one is that of its level."""
    model = build(kind)
    program = make_program(to_bytes(graph_of(model)))
    inputs, known = symbols(model, ROWS, STEPS).numpy(), condition(model, ROWS, STEPS)
    whole, second = make_engine(program, ROWS, 1), make_engine(program, ROWS, 2)
    said = []
    for engine, start, stop in ((whole, 0, 37), (second, 37, STEPS), (whole, 37, STEPS)):
        if engine is second:
            second.restore(whole.state())
        params = np.empty((ROWS, stop - start, program.num_params), np.float32)
        engine.feed(inputs[:, start:stop].copy(), aligned(known, start, stop), params)
        said.append(params)
    assert np.array_equal(said[1], said[2])
    assert all(
        np.array_equal(one, other) for one, other in zip(whole.state().values(), second.state().values(), strict=True)
    )


# --- the cost


@pytest.mark.native
def test_it_costs_next_to_nothing(of_speech: Autoregressive, speech: np.ndarray) -> None:
    """Speech that the model was not trained on, of which it heard other parts in the calibration."""
    trained = with_rate(of_speech)
    clips = ClipExamples(clips_of(speech[8000:20000], RATE), trained.needs)
    plain = bits_per_symbol(export(trained, "float32"), clips)
    assert plain == pytest.approx(bits_per_symbol(trained, clips), abs=1e-5)
    assert abs(bits_per_symbol(export(trained, "bfloat16"), clips) - plain) < 0.01
    exported = export(trained, "int8", heard(trained, clips_of(speech[:8000], RATE)))
    assert abs(bits_per_symbol(exported, clips) - plain) < 0.01
    found = score(exported, clips)
    assert (found.engine, found.precision) == ("native", "int8")
    assert found.bits_per_symbol == bits_per_symbol(exported, clips)


def with_rate(model: Autoregressive) -> Autoregressive:
    twin = Autoregressive(dataclasses.replace(model.config, sample_rate=RATE)).eval()
    twin.load_state_dict(model.state_dict())
    return twin


@pytest.mark.native
@pytest.mark.parametrize("kind", ["labels", "features", "context and features", "logistics"])
def test_scoring_in_float32_is_what_torch_finds(kind: str) -> None:
    model = make({**KINDS[kind], "sample_rate": 100}, 1.0)
    clips = ClipExamples(walks(), model.needs)
    assert bits_per_symbol(export(model, "float32"), clips) == pytest.approx(bits_per_symbol(model, clips), abs=1e-4)


def test_without_the_engine_an_exported_model_has_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make({"sample_rate": 100})
    monkeypatch.setattr("undertow.native.engine._missing", "the native engine is not part of this install")
    with refuses(UsageError, "exported", "native engine"):
        bits_per_symbol(export(model, "float32"), ClipExamples(walks(), model.needs))


# --- on every machine


@pytest.mark.native
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("kind", golden.KINDS)
def test_an_exported_model_says_what_it_said(kind: str, isa: str) -> None:
    expected = json.loads(golden.NUMBERS.read_text(encoding="utf-8"))[kind]
    assert golden.numbers(golden.path_of(kind).read_bytes(), isa) == expected
